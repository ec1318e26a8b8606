# SPDX-License-Identifier: Apache-2.0
# The block design `system`: processor system, clocks and resets, accelerator, and the buses between them.

# What the processor system calls its pins. Its ports keep the widths that they have after reset, 32 and 64
# bits on Zynq-7000, 128 and 128 on UltraScale+: a bitstream that is loaded later need not change them.
proc processor_pins {} {
    global design
    if {$design(family) eq "xc7"} {
        return {
            clock FCLK_CLK0 reset FCLK_RESET0_N irq IRQ_F2P control M_AXI_GP0 control_clock M_AXI_GP0_ACLK
            memory S_AXI_HP0 memory_clock S_AXI_HP0_ACLK
        }
    }
    return {
        clock pl_clk0 reset pl_resetn0 irq pl_ps_irq0 control M_AXI_HPM0_FPD control_clock maxihpm0_fpd_aclk
        memory S_AXI_HP0_FPD memory_clock saxihp0_fpd_aclk
    }
}

# A cell of Xilinx' IP `ip`, in the version that this Vivado has.
proc add_ip {ip name} {
    set newest [lindex [lsort -dictionary [get_ipdefs xilinx.com:ip:$ip:*]] end]
    return [create_bd_cell -type ip -vlnv $newest $name]
}

proc add_processor {preset} {
    global design
    if {$design(family) eq "xc7"} {
        add_zynq7 $preset
    } else {
        add_ultrascale $preset
    }
}

# preset: 1 takes DDR and pins from the board's files. Without them they stay at their defaults, which matter
# to a boot image only: Linux has set both up before it loads a bitstream.
proc add_zynq7 {preset} {
    global design
    set cell [add_ip processing_system7 processor]
    apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config [list \
        make_external {FIXED_IO, DDR} apply_board_preset $preset Master Disable Slave Disable] $cell
    set_property -dict [list \
        CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ $design(ps_clock_mhz) \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $design(clock_mhz) \
        CONFIG.PCW_USE_M_AXI_GP0 1 \
        CONFIG.PCW_USE_M_AXI_GP1 0 \
        CONFIG.PCW_USE_S_AXI_HP0 $design(memory) \
        CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
        CONFIG.PCW_IRQ_F2P_INTR 1 \
    ] $cell
    if {$design(memory)} {
        set_property CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 $cell
    }
}

proc add_ultrascale {preset} {
    global design
    set cell [add_ip zynq_ultra_ps_e processor]
    if {$preset} {
        apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset 1} $cell
    } else {
        set_property CONFIG.PSU__PSS_REF_CLK__FREQMHZ $design(ps_clock_mhz) $cell
    }
    set_property -dict [list \
        CONFIG.PSU__FPGA_PL0_ENABLE 1 \
        CONFIG.PSU__CRL_APB__PL0_REF_CTRL__SRCSEL IOPLL \
        CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $design(clock_mhz) \
        CONFIG.PSU__USE__M_AXI_GP0 1 \
        CONFIG.PSU__MAXIGP0__DATA_WIDTH 128 \
        CONFIG.PSU__USE__M_AXI_GP1 0 \
        CONFIG.PSU__USE__M_AXI_GP2 0 \
        CONFIG.PSU__USE__S_AXI_GP2 $design(memory) \
        CONFIG.PSU__USE__IRQ0 1 \
    ] $cell
    if {$design(memory)} {
        set_property CONFIG.PSU__SAXIGP2__DATA_WIDTH 128 $cell
    }
}

# The clock pin that everything runs from. With two clocks both come from one MMCM, so that each edge of the
# slower is one of the faster; Vivado then times the paths between them.
proc add_clocks {source} {
    global design
    if {!$design(two_clocks)} {
        return $source
    }
    set cell [add_ip clk_wiz clocks]
    set_property -dict [list \
        CONFIG.PRIM_SOURCE No_buffer \
        CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $design(clock_mhz) \
        CONFIG.CLKOUT2_USED true \
        CONFIG.CLKOUT2_REQUESTED_OUT_FREQ [expr {2 * $design(clock_mhz)}] \
        CONFIG.USE_LOCKED true \
        CONFIG.USE_RESET false \
    ] $cell
    if {$design(family) eq "xcup"} {
        set_property -dict {CONFIG.CLKOUT1_MATCHED_ROUTING true CONFIG.CLKOUT2_MATCHED_ROUTING true} $cell
    }
    connect_bd_net [get_bd_pins $source] [get_bd_pins clocks/clk_in1]
    connect_bd_net [get_bd_pins clocks/clk_out2] [get_bd_pins accelerator/ap_clk2x]
    return clocks/clk_out1
}

# A bus from one interface to another, across whatever differs between them.
proc add_bus {name from to} {
    set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1} [add_ip smartconnect $name]
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $name/S00_AXI]
    connect_bd_intf_net [get_bd_intf_pins $name/M00_AXI] [get_bd_intf_pins $to]
}

proc connect_clock_and_reset {clock pins} {
    global design
    add_ip proc_sys_reset resets
    set clocked [list accelerator/ap_clk resets/slowest_sync_clk control_bus/aclk \
        processor/[dict get $pins control_clock]]
    set reset {accelerator/ap_rst_n control_bus/aresetn}
    if {$design(memory)} {
        lappend clocked memory_bus/aclk processor/[dict get $pins memory_clock]
        lappend reset memory_bus/aresetn
    }
    foreach pin $clocked {
        connect_bd_net [get_bd_pins $clock] [get_bd_pins $pin]
    }
    connect_bd_net [get_bd_pins processor/[dict get $pins reset]] [get_bd_pins resets/ext_reset_in]
    if {$design(two_clocks)} {
        connect_bd_net [get_bd_pins clocks/locked] [get_bd_pins resets/dcm_locked]
    }
    foreach pin $reset {
        connect_bd_net [get_bd_pins resets/peripheral_aresetn] [get_bd_pins $pin]
    }
}

# The MMCM's dividers are what makes the faster clock twice the slower; its settings are chosen by Vivado.
proc check_two_clocks {} {
    set slow [get_property CONFIG.FREQ_HZ [get_bd_pins clocks/clk_out1]]
    set fast [get_property CONFIG.FREQ_HZ [get_bd_pins clocks/clk_out2]]
    if {abs($fast - 2.0 * $slow) > 2} {
        error "the clocks are $slow and $fast Hz: the faster must be twice the slower; choose another clock"
    }
}

# Returns the name of the board's files, "" where this Vivado has none, and the accelerator's clock in Hz.
proc make_board_design {ip work} {
    global design
    create_project -force fpgan [file join $work project] -part $design(part)
    set board_files [lindex [lsort -dictionary [get_board_parts -quiet $design(board_files)]] end]
    if {$board_files ne ""} {
        set_property board_part $board_files [current_project]
    }
    set_property ip_repo_paths [list $ip] [current_project]
    update_ip_catalog
    create_bd_design system

    add_processor [expr {$board_files ne ""}]
    create_bd_cell -type ip -vlnv fpgan:accelerators:$design(top):1.0 accelerator
    set pins [processor_pins]
    set clock [add_clocks processor/[dict get $pins clock]]
    add_bus control_bus processor/[dict get $pins control] accelerator/s_axil
    if {$design(memory)} {
        add_bus memory_bus accelerator/m_axi processor/[dict get $pins memory]
    }
    connect_clock_and_reset $clock $pins
    connect_bd_net [get_bd_pins accelerator/irq] [get_bd_pins processor/[dict get $pins irq]]

    assign_bd_address -offset $design(address) -range $design(span) \
        -target_address_space [get_bd_addr_spaces processor/Data] \
        [get_bd_addr_segs -of_objects [get_bd_intf_pins accelerator/s_axil]]
    assign_bd_address
    validate_bd_design
    if {$design(two_clocks)} {
        check_two_clocks
    }
    save_bd_design
    return [list $board_files [get_property CONFIG.FREQ_HZ [get_bd_pins accelerator/ap_clk]]]
}
