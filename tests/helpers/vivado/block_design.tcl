# SPDX-License-Identifier: Apache-2.0
# The block design: cells, pins that are there as properties have them, nets, addresses, and its completeness.

proc recorder::do_create_bd_design {options others} {
    do_current_project {} {}
    reach design
}

proc recorder::do_get_ipdefs {options others} {
    variable ips
    set found {}
    dict for {ip facts} $ips {
        set vlnv xilinx.com:ip:$ip:[lindex $facts 0]
        if {[string match [lindex $others 0] $vlnv]} { lappend found $vlnv }
    }
    return $found
}

proc recorder::do_create_bd_cell {options others} {
    variable ips
    variable cells
    need design
    lassign [split [dict get $options -vlnv] :] vendor library ip version
    set known [expr {[dict exists $ips $ip] && $vendor eq "xilinx.com" && $library eq "ip"
        && $version eq [lindex [dict get $ips $ip] 0]}]
    if {[dict get $options -type] ne "ip"} { error "create_bd_cell: -type [dict get $options -type]" }
    if {!$known} {
        need saved catalog
        if {[dict get $options -vlnv] ne [get core vlnv ""]} { error "no IP [dict get $options -vlnv]" }
        set ip accelerator
    }
    if {[dict exists $cells $others]} { error "create_bd_cell: there is a cell $others" }
    dict set cells $others $ip
    return cell:$others
}

proc recorder::check_ip_property {cell property value} {
    variable cells
    variable ips
    variable clock_ranges
    set ip [dict get $cells $cell]
    if {![regexp {^CONFIG\.(\w+)$} $property all name]} { error "$cell: a property of an IP is CONFIG.NAME" }
    set known [lindex [dict get $ips $ip] 1]
    if {![dict exists $known $name]} { error "$ip has no property $name" }
    if {![regexp "^(?:[dict get $known $name])\$" $value]} { error "$ip: $name=$value is not possible" }
    if {$name in {PCW_FPGA0_PERIPHERAL_FREQMHZ PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ}} {
        lassign [dict get $clock_ranges $ip] least most
        if {$value < $least || $value > $most} { error "$ip: $name=$value is not $least to $most" }
    }
}

proc recorder::do_apply_bd_automation {options others} {
    variable cells
    lassign [split $others :] kind cell
    set ip [dict get $cells $cell]
    if {[dict get $options -rule] ne "xilinx.com:bd_rule:$ip"} { error "no rule [dict get $options -rule]" }
    set known [expr {$ip eq "processing_system7" ? {make_external apply_board_preset Master Slave}
        : {apply_board_preset}}]
    foreach {key value} [dict get $options -config] {
        if {$key ni $known} { error "apply_bd_automation: no setting $key" }
        if {$key eq "apply_board_preset" && $value} { get project fpgan board_part }
        if {$key eq "make_external" && $value eq "FIXED_IO, DDR"} { reach external }
    }
}

# Whether a pin or interface is there, by the property that it depends on.
proc recorder::enabled {cell property} {
    variable defaults
    variable properties
    if {$property eq ""} { return 1 }
    set key [list cell $cell CONFIG.$property]
    set default [dict get $defaults $property]
    return [expr {[dict exists $properties $key] ? [dict get $properties $key] : $default}]
}

# Pins of a cell: name -> way type needed
proc recorder::pins_of {cell} {
    variable cells
    variable pins
    variable accelerator
    set found {}
    set ip [dict get $cells $cell]
    if {$ip eq "accelerator"} {
        dict for {name port} $accelerator {
            lassign $port way type interface role
            if {[regexp {^xilinx.com:signal:(\w+):1.0$} $type all kind]} {
                dict set found $name [list $way $kind [expr {$way eq "input"}]]
            }
        }
        return $found
    }
    dict for {name pin} [dict get $pins $ip] {
        lassign $pin way type condition needed
        if {[enabled $cell $condition]} { dict set found $name [list $way $type $needed] }
    }
    return $found
}

# Interfaces of a cell: name -> role clock
proc recorder::interfaces_of {cell} {
    variable cells
    variable interfaces
    variable accelerator
    set found {}
    set ip [dict get $cells $cell]
    if {$ip eq "accelerator"} {
        dict for {name port} $accelerator {
            lassign $port way type interface role
            if {$type eq "xilinx.com:interface:aximm:1.0" && $role eq "AWVALID"} {
                dict set found $interface [list [expr {$way eq "output" ? "master" : "slave"}] ap_clk]
            }
        }
    } elseif {[dict exists $interfaces $ip]} {
        dict for {name interface} [dict get $interfaces $ip] {
            lassign $interface role clock condition
            if {[enabled $cell $condition]} { dict set found $name [list $role $clock] }
        }
    }
    return $found
}

proc recorder::do_get_bd_pins {options others} {
    lassign [split $others /] cell pin
    if {![dict exists [pins_of $cell] $pin]} { error "get_bd_pins: $cell has no pin $pin" }
    return pin:$others
}

proc recorder::do_get_bd_intf_pins {options others} {
    lassign [split $others /] cell interface
    if {![dict exists [interfaces_of $cell] $interface]} {
        error "get_bd_intf_pins: $cell has no interface $interface"
    }
    return interface:$others
}

proc recorder::do_connect_bd_net {options others} {
    variable nets
    set ends {}
    foreach object $others {
        lassign [split [lindex [split $object :] 1] /] cell pin
        lassign [dict get [pins_of $cell] $pin] way type
        dict lappend ends $way $cell/$pin
        dict set types $type 1
    }
    if {[llength [dict get $ends output]] != 1} { error "connect_bd_net: one driver is needed: $others" }
    if {[dict size $types] > 1} { error "connect_bd_net: [dict keys $types] do not go together: $others" }
    foreach pin [dict get $ends input] {
        if {[dict exists $nets $pin]} { error "connect_bd_net: $pin is driven by [dict get $nets $pin]" }
        dict set nets $pin [dict get $ends output]
    }
}

proc recorder::do_connect_bd_intf_net {options others} {
    variable buses
    foreach object $others {
        set name [lindex [split $object :] 1]
        lassign [split $name /] cell interface
        dict set ends [lindex [dict get [interfaces_of $cell] $interface] 0] $name
        if {[dict exists $buses $name]} { error "connect_bd_intf_net: $name is connected" }
    }
    if {[dict size $ends] != 2} { error "connect_bd_intf_net: a master and a slave are needed: $others" }
    dict set buses [dict get $ends master] [dict get $ends slave]
    dict set buses [dict get $ends slave] [dict get $ends master]
}

proc recorder::do_get_bd_addr_spaces {options others} {
    variable cells
    lassign [split $others /] cell space
    set processors {processing_system7 zynq_ultra_ps_e}
    set master [dict exists [interfaces_of $cell] $space]
    if {!(([dict get $cells $cell] in $processors && $space eq "Data") || $master)} {
        error "get_bd_addr_spaces: no address space $others"
    }
    return space:$others
}

proc recorder::do_get_bd_addr_segs {options others} {
    lassign [split [dict get $options -of_objects] :] kind name
    if {$kind ne "interface"} { error "get_bd_addr_segs: -of_objects $kind" }
    return segment:$name/reg0
}

proc recorder::do_assign_bd_address {options others} {
    variable addresses
    variable cells
    variable windows
    if {![llength $others]} {
        if {[dict exists [interfaces_of accelerator] m_axi]} { dict set addresses memory all }
        return
    }
    set offset [dict get $options -offset]
    need registers
    if {$offset % [dict get $options -range]} {
        error "assign_bd_address: offset $offset is no multiple of the range"
    }
    lassign [dict get $windows [dict get $cells processor]] least most
    if {$offset < $least || $offset > $most} { error "assign_bd_address: $offset is not $least to $most" }
    dict set addresses registers $offset
}

proc recorder::frequency {pin} {
    variable cells
    variable nets
    need valid
    lassign [split $pin /] cell name
    if {[dict exists $nets $pin]} { return [frequency [dict get $nets $pin]] }
    switch [dict get $cells $cell] {
        processing_system7 { set mhz [get cell $cell CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ] }
        zynq_ultra_ps_e { set mhz [get cell $cell CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ] }
        clk_wiz { set mhz [get cell $cell CONFIG.CLKOUT[string index $name end]_REQUESTED_OUT_FREQ] }
    }
    return [expr {round($mhz * 1e6)}]
}

proc recorder::do_validate_bd_design {options others} {
    variable cells
    variable nets
    variable buses
    variable addresses
    foreach cell [dict keys $cells] {
        dict for {name pin} [pins_of $cell] {
            lassign $pin way type needed
            if {$needed && ![dict exists $nets $cell/$name]} { error "validate_bd_design: $cell/$name is open" }
        }
        if {[dict get $cells $cell] eq "processing_system7"} { need external }
    }
    foreach cell [dict keys $cells] {
        dict for {name interface} [interfaces_of $cell] {
            lassign $interface role clock
            if {![dict exists $buses $cell/$name]} { error "validate_bd_design: $cell/$name is open" }
            lassign [split [dict get $buses $cell/$name] /] other far
            set far_clock [lindex [dict get [interfaces_of $other] $far] 1]
            if {[dict get $nets $cell/$clock] ne [dict get $nets $other/$far_clock]} {
                error "validate_bd_design: $cell/$name and $other/$far have two clocks"
            }
        }
    }
    if {![dict exists $addresses registers]} { error "validate_bd_design: accelerator/s_axil has no address" }
    if {[dict exists [interfaces_of accelerator] m_axi] && ![dict exists $addresses memory]} {
        error "validate_bd_design: accelerator/m_axi reaches no memory"
    }
    reach valid
}

proc recorder::do_save_bd_design {options others} {
    need valid
    reach system
}
