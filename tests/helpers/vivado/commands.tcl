# SPDX-License-Identifier: Apache-2.0
# Commands of Vivado: options with a value, options without, least and most other arguments (UG835, UG1118).

namespace eval recorder {
    variable commands {}
    variable kinds {}
}

foreach {command valued flags least most} {
    version {} {-short} 0 0
    create_project {-part} {-force -in_memory -ip -rtl_kernel} 0 2
    close_project {} {-delete} 0 0
    current_project {} {} 0 1
    current_fileset {} {-constrset -simset -srcset -blockset} 0 1
    add_files {-fileset -of_objects -copy_to} {-norecurse -scan_for_includes -force} 0 1
    get_files {-filter -compile_order -used_in -of_objects -references_to} {-regexp -nocase -all} 0 1
    update_compile_order {-fileset} {-force_gui} 0 0
    set_property {-dict} {} 1 3
    get_property {} {-min -max} 2 2
    set_msg_config {-id -severity -limit -new_severity -string} {-suppress -regexp} 0 0
    get_board_parts {-filter} {-regexp -nocase -latest_file_version -latest_hw_revision} 0 1
    update_ip_catalog {-add_ip -delete_ip -repo_path} {-rebuild -scan_changes -disable_ip} 0 0
    get_ipdefs {-name -filter} {-all -regexp -nocase} 0 1
    create_bd_design {-dir -cell} {} 1 1
    create_bd_cell {-vlnv -type -reference} {-revision} 1 1
    apply_bd_automation {-rule -config -dict -opts} {} 1 1
    get_bd_pins {-filter -of_objects} {-regexp -hierarchical} 0 1
    get_bd_intf_pins {-filter -of_objects} {-regexp -hierarchical} 0 1
    get_bd_addr_spaces {-filter -of_objects} {-regexp -hierarchical} 0 1
    get_bd_addr_segs {-filter -of_objects} {-regexp -hierarchical -addressed -unaddressed -excluded} 0 1
    connect_bd_net {-net -boundary_type} {-auto} 2 100
    connect_bd_intf_net {-intf_net -boundary_type} {-auto} 2 2
    assign_bd_address {-target_address_space -dict -offset -range -base_high} {-boundary -external -force} 0 1
    validate_bd_design {-design} {-force} 0 0
    save_bd_design {} {} 0 1
    generate_target {} {-force} 2 2
    make_wrapper {-files -fileset} {-top -testbench -inst_template -import -force} 0 0
    get_runs {-filter} {-regexp -nocase} 0 1
    launch_runs {-jobs -to_step -dir -host} {-scripts_only -next_step -force} 1 100
    wait_on_run {-timeout} {} 1 1
    open_run {-name -pr_config} {} 1 1
    report_utilization {-file -cells -hierarchical_depth -name} {-hierarchical -append -return_string} 0 0
    report_timing_summary {-file -max_paths -nworst -delay_type -name} {-report_unconstrained -append} 0 0
    read_saif {-strip_path -out_file} {-no_strip} 1 1
    report_power {-file -name -rpx -format} {-append -return_string -advisory} 0 0
    ipx::package_project {-root_dir -vendor -library -taxonomy -module -set_current} {-import_files -force} 0 1
    ipx::current_core {} {} 0 1
    ipx::get_bus_interfaces {-of_objects -filter} {-regexp -nocase} 0 1
    ipx::get_memory_maps {-of_objects -filter} {-regexp -nocase} 0 1
    ipx::add_memory_map {} {} 2 2
    ipx::add_address_block {} {} 2 2
    ipx::create_xgui_files {} {-logo_file} 1 1
    ipx::update_checksums {} {} 1 1
    ipx::save_core {} {} 0 1
} {
    dict set recorder::commands $command [list $valued [concat $flags {-quiet -verbose}] $least $most]
}

# Properties of what is no cell of a block design, with a pattern of their values.
foreach {kind property pattern} {
    fileset top {\w+}
    project board_part {[\w.-]+:[\w-]+:part0:[\d.]+}
    project ip_repo_paths {\{?/.+}
    core version {\d+\.\d+}
    core display_name {.+}
    bus slave_memory_map_ref {\w+}
    block range {\d+}
    block width {32}
    file synth_checkpoint_mode {None|Singular|Hierarchical}
    run strategy {Flow_PerfOptimized_high|Performance_ExplorePostRoutePhysOpt}
} {
    dict set recorder::kinds $kind $property $pattern
}
