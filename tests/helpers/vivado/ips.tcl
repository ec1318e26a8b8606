# SPDX-License-Identifier: Apache-2.0
# IPs of Vivado: versions, properties with a pattern of their values, pins and interfaces as the properties
# have them (PG082, PG201, PG065, PG164, PG247).

namespace eval recorder {
    variable ips {}
    variable pins {}
    variable interfaces {}
}

set number {\d+(?:\.\d+)?}
foreach {ip version properties} [list \
    processing_system7 5.5 [list \
        PCW_CRYSTAL_PERIPHERAL_FREQMHZ {33\.333|50} PCW_FPGA0_PERIPHERAL_FREQMHZ $number \
        PCW_USE_M_AXI_GP0 {[01]} PCW_USE_M_AXI_GP1 {[01]} PCW_USE_S_AXI_HP0 {[01]} \
        PCW_S_AXI_HP0_DATA_WIDTH {32|64} PCW_USE_FABRIC_INTERRUPT {[01]} PCW_IRQ_F2P_INTR {[01]}] \
    zynq_ultra_ps_e 3.4 [list \
        PSU__PSS_REF_CLK__FREQMHZ {33\.333} PSU__FPGA_PL0_ENABLE {[01]} \
        PSU__CRL_APB__PL0_REF_CTRL__SRCSEL {IOPLL|RPLL|DPLL} PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $number \
        PSU__USE__M_AXI_GP0 {[01]} PSU__MAXIGP0__DATA_WIDTH {32|64|128} PSU__USE__M_AXI_GP1 {[01]} \
        PSU__USE__M_AXI_GP2 {[01]} PSU__USE__S_AXI_GP2 {[01]} PSU__SAXIGP2__DATA_WIDTH {32|64|128} \
        PSU__USE__IRQ0 {[01]}] \
    clk_wiz 6.0 [list \
        PRIM_SOURCE {Single_ended_clock_capable_pin|Global_buffer|No_buffer} USE_LOCKED {true|false} \
        USE_RESET {true|false} CLKOUT1_REQUESTED_OUT_FREQ $number CLKOUT2_REQUESTED_OUT_FREQ $number \
        CLKOUT2_USED {true|false} CLKOUT1_MATCHED_ROUTING {true|false} CLKOUT2_MATCHED_ROUTING {true|false}] \
    proc_sys_reset 5.0 {} \
    smartconnect 1.0 {NUM_SI {[1-9]\d?} NUM_MI {[1-9]\d?}} \
] {
    dict set recorder::ips $ip [list $version $properties]
}

# Values that a property has before it is set, where a pin or an interface depends on it.
set recorder::defaults {
    PCW_USE_M_AXI_GP0 1 PCW_USE_M_AXI_GP1 0 PCW_USE_S_AXI_HP0 0 PCW_USE_FABRIC_INTERRUPT 0 PCW_IRQ_F2P_INTR 0
    PSU__FPGA_PL0_ENABLE 1 PSU__USE__M_AXI_GP0 1 PSU__USE__M_AXI_GP1 1 PSU__USE__M_AXI_GP2 0
    PSU__USE__S_AXI_GP2 0 PSU__USE__IRQ0 0 USE_LOCKED true USE_RESET true CLKOUT2_USED false
}

# IP, pin, way, type, property that must be 1 or true ("": always there), whether it must be driven
foreach {ip pin way type condition needed} {
    processing_system7 FCLK_CLK0 output clock "" 0
    processing_system7 FCLK_RESET0_N output reset "" 0
    processing_system7 IRQ_F2P input interrupt PCW_IRQ_F2P_INTR 1
    processing_system7 M_AXI_GP0_ACLK input clock PCW_USE_M_AXI_GP0 1
    processing_system7 M_AXI_GP1_ACLK input clock PCW_USE_M_AXI_GP1 1
    processing_system7 S_AXI_HP0_ACLK input clock PCW_USE_S_AXI_HP0 1
    zynq_ultra_ps_e pl_clk0 output clock PSU__FPGA_PL0_ENABLE 0
    zynq_ultra_ps_e pl_resetn0 output reset "" 0
    zynq_ultra_ps_e pl_ps_irq0 input interrupt PSU__USE__IRQ0 1
    zynq_ultra_ps_e maxihpm0_fpd_aclk input clock PSU__USE__M_AXI_GP0 1
    zynq_ultra_ps_e maxihpm1_fpd_aclk input clock PSU__USE__M_AXI_GP1 1
    zynq_ultra_ps_e maxihpm0_lpd_aclk input clock PSU__USE__M_AXI_GP2 1
    zynq_ultra_ps_e saxihp0_fpd_aclk input clock PSU__USE__S_AXI_GP2 1
    clk_wiz clk_in1 input clock "" 1
    clk_wiz reset input reset_high USE_RESET 1
    clk_wiz clk_out1 output clock "" 0
    clk_wiz clk_out2 output clock CLKOUT2_USED 0
    clk_wiz locked output locked USE_LOCKED 0
    proc_sys_reset slowest_sync_clk input clock "" 1
    proc_sys_reset ext_reset_in input reset "" 1
    proc_sys_reset dcm_locked input locked "" 0
    proc_sys_reset peripheral_aresetn output reset "" 0
    proc_sys_reset peripheral_reset output reset_high "" 0
    proc_sys_reset interconnect_aresetn output reset "" 0
    smartconnect aclk input clock "" 1
    smartconnect aresetn input reset "" 1
} {
    dict set recorder::pins $ip $pin [list $way $type $condition $needed]
}

# IP, interface, role, its clock, property that must be 1
foreach {ip interface role clock condition} {
    processing_system7 M_AXI_GP0 master M_AXI_GP0_ACLK PCW_USE_M_AXI_GP0
    processing_system7 S_AXI_HP0 slave S_AXI_HP0_ACLK PCW_USE_S_AXI_HP0
    zynq_ultra_ps_e M_AXI_HPM0_FPD master maxihpm0_fpd_aclk PSU__USE__M_AXI_GP0
    zynq_ultra_ps_e S_AXI_HP0_FPD slave saxihp0_fpd_aclk PSU__USE__S_AXI_GP2
    smartconnect S00_AXI slave aclk ""
    smartconnect M00_AXI master aclk ""
} {
    dict set recorder::interfaces $ip $interface [list $role $clock $condition]
}

# Least and most of a clock in MHz (PCW's range; DS925).
set recorder::clock_ranges {processing_system7 {0.1 250} zynq_ultra_ps_e {0.1 400}}
# Where the processor's address space reaches the accelerator: M_AXI_GP0, HPM0_FPD.
set recorder::windows {processing_system7 {0x40000000 0x7FFFFFFF} zynq_ultra_ps_e {0xA0000000 0xAFFFFFFF}}
