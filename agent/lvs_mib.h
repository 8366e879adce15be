/* SPDX-License-Identifier: MIT */
/*
 * Where LVS-MIB stands: the module that an extension of snmpd has long served, and that scripts and
 * graphs still read. Thread: agent.
 */
#pragma once

#define LVS_MIB_ROOT	    1, 3, 6, 1, 4, 1, 8225, 4711
#define LVS_MIB_ROOT_LENGTH 8
