# SPDX-License-Identifier: Apache-2.0
# The bitstream of this project: vivado -mode batch -source build.tcl, from any folder.
#
# Leaves fpgan.bit and fpgan.hwh in the folder above this one and Vivado's reports in reports/. What Vivado
# works with is in vivado/, which may be removed afterwards.

set here [file dirname [file normalize [info script]]]
foreach script {settings accelerator_ip board_design implement} {
    source [file join $here $script.tcl]
}
set work [file join $here vivado]

regexp {^\d+\.\d+} [version -short] vivado_version
if {[package vcompare $vivado_version $design(vivado)] < 0} {
    error "Vivado $vivado_version is too old: $design(vivado) or newer is needed"
}
file delete -force $work
file mkdir $work
package_accelerator [file join $here host] [file join $here $design(top).v] [file join $work ip] $work
lassign [make_board_design [file join $work ip] $work] board_files hertz
set facts [list vivado $vivado_version clock_hz $hertz board_files $board_files]
implement $work [file join $here reports] [file dirname $here] $facts
