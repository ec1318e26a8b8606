# SPDX-License-Identifier: Apache-2.0
# The accelerator with its host interface as an IP: fpgan:accelerators:TOP:1.0.

# Copy a source, with the names of its data files made absolute: synthesis runs in a folder of Vivado's own.
proc copy_source {from to data folder} {
    set absolute {}
    foreach name $data {
        lappend absolute "\"$name\"" "\"[file join $folder $name]\""
    }
    set file [open $from r]
    set text [read $file]
    close $file
    set file [open $to w]
    puts -nonewline $file [string map $absolute $text]
    close $file
}

# Give the registers an address range where the packager has not: whether it does depends on its version.
proc add_registers {core} {
    global design
    if {[llength [ipx::get_memory_maps s_axil -of_objects $core]]} {
        return
    }
    set map [ipx::add_memory_map s_axil $core]
    set_property slave_memory_map_ref s_axil [ipx::get_bus_interfaces s_axil -of_objects $core]
    set block [ipx::add_address_block reg0 $map]
    set_property range $design(span) $block
    set_property width 32 $block
}

# Package the sources in `host` below the Verilog module `wrapper` into the folder `ip`. The wrapper's
# attributes name the bus interfaces: a design of Vivado's takes no SystemVerilog module as it is.
proc package_accelerator {host wrapper ip work} {
    global design
    file mkdir [file join $ip src]
    foreach name $design(sources) {
        set copy [file join $ip src $name]
        copy_source [file join $host $name] $copy $design(data) $host
        lappend files $copy
    }
    set copy [file join $ip src [file tail $wrapper]]
    file copy -force $wrapper $copy
    lappend files $copy

    create_project -force accelerator [file join $work ip_project] -part $design(part)
    add_files -norecurse $files
    set_property top $design(top) [current_fileset]
    update_compile_order -fileset sources_1
    ipx::package_project -root_dir $ip -vendor fpgan -library accelerators -taxonomy /UserIP -force
    set core [ipx::current_core]
    set_property version 1.0 $core
    set_property display_name "FPGAN accelerator" $core
    foreach interface $design(interfaces) {
        if {[llength [ipx::get_bus_interfaces $interface -of_objects $core]] != 1} {
            error "the packaged accelerator has no bus interface $interface"
        }
    }
    add_registers $core
    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::save_core $core
    close_project
}
