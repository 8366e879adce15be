/* SPDX-License-Identifier: MIT */
/* Where the private tables of agentprobe stand: below net-snmp's arc for private testing. */
#pragma once

#define PROBE_ARC	 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 1000
#define PROBE_ARC_LENGTH 10
