# SPDX-License-Identifier: Apache-2.0
# Stands in for Vivado: runs a script of its commands, keeps what they make, and refuses what Vivado would.
#
# It knows each command that the project's scripts use with its options (UG835, UG1118), each IP with the
# names of its properties, pins and interfaces, and the rules by which a block design is complete. It is a
# check of the scripts, no run of Vivado: it cannot say whether Vivado behaves as it does.
#
# Logs "COMMAND ARGUMENTS" lines to $env(RECORDER_LOG). $env(RECORDER_BOARDS): board files that there are.
# $env(RECORDER_MAPS): 1 where the packager makes memory maps. $env(RECORDER_VERSION): of the Vivado that it stands in for. $env(RECORDER_SLACK), $env(RECORDER_HOLD), $env(RECORDER_PULSE): of the routed design.

namespace eval recorder {
    variable here [file dirname [file normalize [info script]]]
    variable cells {} ;# name -> IP
    variable properties {} ;# "kind name property" -> value
    variable nets {} ;# pin that is driven -> pin that drives it
    variable buses {} ;# interface -> interface at its other end
    variable addresses {} ;# segment -> space offset range
    variable state {} ;# what was done once: keys are milestones
    variable project {} ;# name, folder
    variable accelerator {} ;# ports of the packaged IP: name -> direction kind interface role
}
source [file join $recorder::here commands.tcl]
source [file join $recorder::here ips.tcl]

# ---------------------------------------------------------------------------------------------- arguments

# Split the arguments of `command` into options and others, after its entry in commands.tcl.
proc recorder::parse {command arguments} {
    variable commands
    lassign [dict get $commands $command] valued flags least most
    set options {}
    set others {}
    while {[llength $arguments]} {
        set arguments [lassign $arguments word]
        if {[string match -* $word] && ![string is double $word]} {
            if {$word in $flags} {
                dict set options $word 1
            } elseif {$word in $valued} {
                if {![llength $arguments]} { error "$command: $word lacks its value" }
                set arguments [lassign $arguments value]
                dict set options $word $value
            } else {
                error "$command: no option $word"
            }
        } else {
            lappend others $word
        }
    }
    set count [llength $others]
    if {$count < $least || $count > $most} {
        error "$command: $count arguments, $least to $most are expected: $others"
    }
    return [list $options $others]
}

proc recorder::call {command arguments} {
    lassign [parse $command $arguments] options others
    if {[info exists ::env(RECORDER_LOG)]} {
        set log [open $::env(RECORDER_LOG) a]
        puts $log [concat $command $arguments]
        close $log
    }
    return [recorder::do_[string map {:: _} $command] $options $others]
}

proc recorder::install {} {
    variable commands
    foreach command [dict keys $commands] {
        if {[string match *::* $command]} { namespace eval ::[namespace qualifiers $command] {} }
        proc ::$command args "return \[recorder::call [list $command] \$args\]"
    }
    proc ::unknown {name args} { error "Vivado has no command $name" }
}

proc recorder::need {args} {
    variable state
    foreach milestone $args {
        if {![dict exists $state $milestone]} { error "too early: not yet $milestone" }
    }
}

proc recorder::reach {milestone} {
    variable state
    dict set state $milestone 1
}

proc recorder::write {path text} {
    file mkdir [file dirname $path]
    set file [open $path w]
    puts $file $text
    close $file
}

# ------------------------------------------------------------------------------- projects, files, packaging

proc recorder::do_version {options others} {
    return [expr {[dict exists $options -short] ? $::env(RECORDER_VERSION) : "Vivado v$::env(RECORDER_VERSION)"}]
}

proc recorder::do_create_project {options others} {
    variable project
    variable state
    if {[llength $project]} { error "create_project: project [lindex $project 0] is open" }
    if {![regexp {^xc[7zk][\w-]+$} [dict get $options -part]]} { error "create_project: no such part" }
    set project $others
    set state [dict filter $state key saved registers]
    file mkdir [lindex $others 1]
}

proc recorder::do_close_project {options others} {
    variable project
    if {![llength $project]} { error "close_project: no project is open" }
    set project {}
}

proc recorder::do_current_project {options others} {
    variable project
    if {![llength $project]} { error "no project is open" }
    return project:[lindex $project 0]
}

proc recorder::do_current_fileset {options others} {
    do_current_project {} {}
    return fileset:sources_1
}

proc recorder::do_add_files {options others} {
    do_current_project {} {}
    foreach file [lindex $others 0] {
        if {![file isfile $file]} { error "add_files: $file does not exist" }
    }
    reach files
    return [lindex $others 0]
}

proc recorder::do_update_compile_order {options others} {
    need files
    if {[dict get $options -fileset] ne "sources_1"} { error "update_compile_order: no such fileset" }
}

proc recorder::do_ipx_package_project {options others} {
    variable accelerator
    need files top
    set folder [dict get $options -root_dir]
    set accelerator [read_ports [file join $folder src [get project accelerator top].v]]
    foreach source [glob [file join $folder src *]] {
        # every data file must be found from wherever synthesis runs
        foreach {all name} [regexp -all -inline {"([^"\n%]*(?:\.dat|threshold_\d+_|latent_table))"} [slurp $source]] {
            if {[file pathtype $name] ne "absolute" || ![llength [glob -nocomplain "$name*"]]} {
                error "$source: data file $name is not found"
            }
        }
    }
    if {$::env(RECORDER_MAPS)} { reach registers }
    reach packaged
    set vlnv "[dict get $options -vendor]:[dict get $options -library]:[get project accelerator top]:1.0"
    set_one core vlnv "" $vlnv
}

proc recorder::slurp {path} {
    set file [open $path r]
    set text [read $file]
    close $file
    return $text
}

# Ports of a wrapper by its X_INTERFACE_INFO attributes. A reset is active high where they do not say otherwise.
proc recorder::read_ports {path} {
    set pattern {X_INTERFACE_INFO = "([\w.:]+) (\w+) (\w+)"([^\n]*)\n\s*(input|output) wire (?:\[\d+:0\] )?(\w+)}
    set ports {}
    foreach {all type interface role more way name} [regexp -all -inline $pattern [slurp $path]] {
        if {$role eq "RST" && ![string match "*POLARITY ACTIVE_LOW\"*" $more]} {
            set type xilinx.com:signal:reset_high:1.0
        }
        dict set ports $name [list $way $type $interface $role]
    }
    if {![dict size $ports]} { error "$path: no port has an X_INTERFACE_INFO" }
    return $ports
}

proc recorder::do_ipx_current_core {options others} {
    need packaged
    return core:accelerator
}

proc recorder::do_ipx_get_bus_interfaces {options others} {
    variable accelerator
    set found {}
    dict for {name port} $accelerator {
        lassign $port way type interface role
        if {[string match [lindex $others 0] $interface]} { lappend found bus:$interface }
    }
    return [lsort -unique $found]
}

proc recorder::do_ipx_get_memory_maps {options others} {
    variable state
    return [expr {[dict exists $state registers] ? "map:$others" : ""}]
}

proc recorder::do_ipx_add_memory_map {options others} {
    if {[llength [do_ipx_get_memory_maps {} s_axil]]} { error "ipx::add_memory_map: there is one" }
    return map:[lindex $others 0]
}

proc recorder::do_ipx_add_address_block {options others} {
    if {[get bus s_axil slave_memory_map_ref] ne [lindex [split [lindex $others 1] :] 1]} {
        error "ipx::add_address_block: no interface refers to [lindex $others 1]"
    }
    reach registers
    return block:[lindex $others 0]
}

proc recorder::do_ipx_create_xgui_files {options others} { need packaged }
proc recorder::do_ipx_update_checksums {options others} { need packaged }
proc recorder::do_ipx_save_core {options others} { need packaged; reach saved }

proc recorder::do_get_board_parts {options others} {
    set found {}
    foreach name $::env(RECORDER_BOARDS) {
        if {[string match [lindex $others 0] $name]} { lappend found $name }
    }
    return $found
}

proc recorder::do_update_ip_catalog {options others} {
    foreach folder [get project fpgan ip_repo_paths] {
        if {![file isdirectory $folder]} { error "update_ip_catalog: no folder $folder" }
    }
    reach catalog
}

# -------------------------------------------------------------------------------------------- properties

proc recorder::set_one {kind name property value} {
    variable properties
    dict set properties [list $kind $name $property] $value
}

proc recorder::get {kind name property} {
    variable properties
    set key [list $kind $name $property]
    if {![dict exists $properties $key]} { error "$kind $name has no property $property yet" }
    return [dict get $properties $key]
}

proc recorder::do_set_property {options others} {
    if {[dict exists $options -dict]} {
        lassign $others object
        set pairs [dict get $options -dict]
    } else {
        lassign $others name value object
        set pairs [list $name $value]
    }
    lassign [split $object :] kind name
    foreach {property value} $pairs {
        if {$kind eq "cell"} {
            check_ip_property $name $property $value
        } else {
            check_property $kind $property $value
        }
        set_one $kind $name $property $value
        if {$property eq "top"} {
            set_one project [lindex [split [do_current_project {} {}] :] 1] top $value
            reach top
        }
    }
}

proc recorder::do_get_property {options others} {
    lassign $others property object
    lassign [split $object :] kind name
    if {$kind eq "pin" && $property eq "CONFIG.FREQ_HZ"} { return [frequency $name] }
    if {$kind eq "run"} { return [run_property $name $property] }
    return [get $kind $name $property]
}

proc recorder::check_property {kind property value} {
    variable kinds
    if {![dict exists $kinds $kind $property]} { error "$kind has no property $property" }
    set pattern [dict get $kinds $kind $property]
    if {![regexp "^(?:$pattern)\$" $value]} { error "$kind: $property=$value is not $pattern" }
}
source [file join $recorder::here block_design.tcl]
source [file join $recorder::here runs.tcl]
recorder::install
