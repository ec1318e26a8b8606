// SPDX-License-Identifier: Apache-2.0
// ap_axiu for C simulation where Vitis HLS is not installed: a word of a port with tkeep, tstrb and tlast.
#ifndef FPGAN_CSIM_AP_AXI_SDATA_H
#define FPGAN_CSIM_AP_AXI_SDATA_H

#include <ap_int.h>

// Bits of tdata, tuser, tid and tdest; of the last three only 0 is there.
template <int D, int U, int TI, int TD> struct ap_axiu {
  static_assert(U == 0 && TI == 0 && TD == 0, "tuser, tid and tdest are not there");
  ap_uint<D> data;
  ap_uint<(D + 7) / 8> keep, strb;
  ap_uint<1> last;
};

#endif
