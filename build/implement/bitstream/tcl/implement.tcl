# SPDX-License-Identifier: Apache-2.0
# Synthesis, placement, routing and reports of the block design `system`.

proc launch_and_wait {run args} {
    launch_runs $run -jobs 4 {*}$args
    wait_on_run $run
    if {[get_property PROGRESS [get_runs $run]] ne "100%"} {
        error "$run: [get_property STATUS [get_runs $run]]"
    }
}

# Vivado's reports, and summary.txt: a line for each key of `facts`, then the slacks. Returns these: the worst of
# setup and hold, and the total of pulse widths, which is 0 where none is too short.
proc write_reports {reports facts} {
    file mkdir $reports
    # the layers are six levels below the top
    report_utilization -hierarchical -hierarchical_depth 8 -file [file join $reports utilization.rpt]
    report_timing_summary -max_paths 5 -report_unconstrained -file [file join $reports timing.rpt]
    # the toggles of a simulation, where `fpgan power` has run
    set activity [file join [file dirname $reports] activity.saif]
    if {[file exists $activity]} {
        read_saif $activity
    }
    report_power -file [file join $reports power.rpt]
    set setup [get_property STATS.WNS [get_runs impl_1]]
    set hold [get_property STATS.WHS [get_runs impl_1]]
    set pulse [get_property STATS.TPWS [get_runs impl_1]]
    set file [open [file join $reports summary.txt] w]
    foreach {key value} [concat $facts [list setup_slack_ns $setup hold_slack_ns $hold \
        pulse_slack_ns $pulse]] {
        puts $file "$key $value"
    }
    close $file
    return [list [expr {min($setup, $hold)}] $pulse]
}

# Leaves fpgan.bit and fpgan.hwh in `out` where the clock is met, the reports in any case.
proc implement {work reports out facts} {
    global design
    set system [get_files system.bd]
    set_property synth_checkpoint_mode None $system
    generate_target all $system
    add_files -norecurse [list [make_wrapper -files $system -top]]
    set_property top system_wrapper [current_fileset]
    update_compile_order -fileset sources_1

    set_property strategy Flow_PerfOptimized_high [get_runs synth_1]
    set_property strategy Performance_ExplorePostRoutePhysOpt [get_runs impl_1]
    # a data file that is not found is only a warning to Vivado
    set_msg_config -id {Synth 8-4445} -new_severity ERROR
    launch_and_wait synth_1
    launch_and_wait impl_1 -to_step write_bitstream

    open_run impl_1
    lassign [write_reports $reports $facts] slack pulse
    if {$slack < 0} {
        error "the clock of $design(clock_mhz) MHz is not met: the worst slack is $slack ns"
    }
    if {$pulse < 0} {
        error "the clock of $design(clock_mhz) MHz is too fast for a block: its pulses are $pulse ns too short;\
see timing.rpt"
    }
    set run [get_property DIRECTORY [get_runs impl_1]]
    set bd [file join $work project fpgan.gen sources_1 bd system]
    file copy -force [file join $bd hw_handoff system.hwh] [file join $out fpgan.hwh]
    file copy -force [file join $run system_wrapper.bit] [file join $out fpgan.bit]
}
