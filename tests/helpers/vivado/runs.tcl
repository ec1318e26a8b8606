# SPDX-License-Identifier: Apache-2.0
# Runs of a project: their order, the files that they leave, and reports in Vivado's layout.

namespace eval recorder {
    variable steps {} ;# run -> last step
}

proc recorder::folder {} {
    variable project
    return [lindex $project 1]
}

proc recorder::do_get_files {options others} {
    if {$others eq "system.bd"} { need system }
    return file:$others
}

proc recorder::do_generate_target {options others} {
    need system
    if {[lindex $others 0] ne "all"} { error "generate_target: [lindex $others 0]" }
    reach generated
    write [file join [folder] fpgan.gen sources_1 bd system hw_handoff system.hwh] "<EDKSYSTEM/>"
}

proc recorder::do_make_wrapper {options others} {
    need system
    if {![dict exists $options -top]} { error "make_wrapper: -top is missing" }
    set path [file join [folder] fpgan.gen sources_1 bd system hdl system_wrapper.v]
    write $path "module system_wrapper; endmodule"
    reach wrapper
    return $path
}

proc recorder::do_set_msg_config {options others} {
    if {![regexp {^[A-Z]\w+ \d+-\d+$} [dict get $options -id]]} { error "set_msg_config: -id" }
    if {[dict get $options -new_severity] ni {ERROR {CRITICAL WARNING} WARNING INFO STATUS}} {
        error "set_msg_config: no severity [dict get $options -new_severity]"
    }
}

proc recorder::do_get_runs {options others} {
    if {$others ni {synth_1 impl_1}} { error "get_runs: no run $others" }
    return run:$others
}

proc recorder::do_launch_runs {options others} {
    variable steps
    need generated wrapper
    if {[get project fpgan top] ne "system_wrapper"} { error "launch_runs: the top is not system_wrapper" }
    set step [expr {[dict exists $options -to_step] ? [dict get $options -to_step] : ""}]
    set known {{} opt_design place_design phys_opt_design route_design write_bitstream}
    if {$step ni $known || ($step ne "" && $others ne "impl_1")} {
        error "launch_runs: $others has no step $step"
    }
    if {$others eq "impl_1" && ![dict exists $steps synth_1]} { error "launch_runs: no synthesis yet" }
    dict set steps $others launched
    if {$step eq "write_bitstream"} {
        write [file join [folder] fpgan.runs impl_1 system_wrapper.bit] "bitstream of [get project fpgan top]"
    }
}

proc recorder::do_wait_on_run {options others} {
    variable steps
    if {![dict exists $steps $others]} { error "wait_on_run: $others was not launched" }
    dict set steps $others done
}

proc recorder::run_property {run property} {
    variable steps
    set done [expr {[dict exists $steps $run] && [dict get $steps $run] eq "done"}]
    switch $property {
        PROGRESS { return [expr {$done ? "100%" : "0%"}] }
        STATUS { return [expr {$done ? "write_bitstream Complete!" : "Not started"}] }
        DIRECTORY { return [file join [folder] fpgan.runs $run] }
        STATS.WNS - STATS.TNS {
            if {!$done} { error "$run has no $property yet" }
            return $::env(RECORDER_SLACK)
        }
        STATS.WHS - STATS.THS {
            if {!$done} { error "$run has no $property yet" }
            return $::env(RECORDER_HOLD)
        }
        STATS.TPWS {
            if {!$done} { error "$run has no $property yet" }
            return $::env(RECORDER_PULSE)
        }
    }
    error "a run has no property $property"
}

proc recorder::do_open_run {options others} {
    if {[run_property $others PROGRESS] ne "100%"} { error "open_run: $others is not done" }
    reach opened
}

# A table with a row for each layer of the accelerator, inside the hierarchy that the block design gives.
proc recorder::do_report_utilization {options others} {
    need opened
    set row "| %-24s | %-28s | %10s | %10s | %7s | %5s | %5s | %6s | %6s | %10s |"
    lappend lines [format $row Instance Module "Total LUTs" "Logic LUTs" LUTRAMs SRLs FFs RAMB36 RAMB18 \
        "DSP Blocks"]
    lappend lines [format $row system_wrapper (top) 9000 8000 500 500 12000 10 3 20]
    lappend lines [format $row "  system_i" system 9000 8000 500 500 12000 10 3 20]
    lappend lines [format $row "    accelerator" system_accelerator_0 7000 6200 400 400 9000 10 3 20]
    set depth [expr {[dict exists $options -hierarchical_depth] ? [dict get $options -hierarchical_depth] : 0}]
    set top [file join [folder] .. ip src fpgan_top.sv]
    set layers [regexp -all -inline {\n  (\w+) \w+_i \(} [slurp $top]]
    foreach {all name} [expr {$depth >= 6 ? $layers : {}}] {
        lappend lines [format $row "          ${name}_i" system_accelerator_0_$name 100 80 10 10 150 1 1 2]
        lappend lines [format $row "            (${name}_i)" system_accelerator_0_$name 50 40 5 5 70 0 0 0]
    }
    write [dict get $options -file] [join $lines \n]
}

proc recorder::do_report_timing_summary {options others} {
    need opened
    write [dict get $options -file] "WNS(ns)\n-------\n$::env(RECORDER_SLACK)"
}

# The two outer scopes are stripped; what is left must be there in the design.
proc recorder::do_read_saif {options others} {
    variable activity
    need opened
    set text [slurp $others]
    if {![string match "*(SAIFILE*" $text]} { error "read_saif: $others is no SAIF file" }
    set scopes {TOP system_wrapper system_i accelerator inst host accelerator}
    if {![string match "*(INSTANCE [join $scopes *(INSTANCE\ ]*" $text]} { error "read_saif: no net matches" }
    set activity 1
}

proc recorder::do_report_power {options others} {
    variable activity
    need opened
    set row "| %-24s | %-12s |"
    set dynamic [expr {[info exists activity] ? 2.5 : 3.0}]
    foreach {name watts} [list "Total On-Chip Power" [expr {$dynamic + 0.5}] Dynamic $dynamic "Device Static" 0.5] {
        lappend lines [format $row "$name (W)" $watts]
    }
    write [dict get $options -file] [join $lines \n]
}
