#pragma once

/*
 * Zone: the rules of IANA time zones, from the system's tzdata. Zones are read once and kept for
 * the life of the process; the rules may be used by all threads.
 *
 * Runs on: lane, or loop (the first use of a zone reads one small file).
 */

#include "common/base/str.h"
#include "common/base/zone.h"

enum { ZONE_E_UNKNOWN = 1 }; /* no such zone in the system's tzdata */

/* "Europe/Berlin", "UTC": names as tzdata spells them, with their capitals. */
int zone_find(Str name, ZoneRules *ret_rules);
