/* Any bytes as a schedule: refused with a place in them, or it fires, later and later. */

#include "common/base/check.h"
#include "tests/fuzz/fuzz.h"
#include "trigger-gateway/fire/cron.h"

static int64_t offset_s(const void *zone, int64_t instant_s) {
    (void)zone;
    return instant_s / 5000000 % 2 ? 3600 : 0; /* clocks are moved every 58 days */
}

static bool next_change(const void *zone, int64_t after_s, int64_t *ret_s) {
    (void)zone;
    *ret_s = (after_s / 5000000 + 1) * 5000000;
    return true;
}

static ZoneMoment moment(const void *zone, int64_t local_s) {
    int64_t change_s = local_s / 5000000 * 5000000;
    bool goes_forward = offset_s(zone, change_s) > 0;

    if (goes_forward && local_s < change_s + 3600)
        return (ZoneMoment){ZONE_SKIPPED, change_s, change_s, change_s};
    if (!goes_forward && local_s >= change_s && local_s < change_s + 3600)
        return (ZoneMoment){ZONE_REPEATED, local_s - 3600, local_s, change_s};
    local_s -= goes_forward ? 3600 : 0;
    return (ZoneMoment){ZONE_UNIQUE, local_s, local_s, local_s};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const ZoneRules zone = {NULL, offset_s, moment, next_change};
    Str text = str_from((const char *)bytes, size);
    int64_t at_ms = 1774746000000, next_ms;
    CronMistake mistake;
    Cron cron;

    if (cron_parse(text, &cron, &mistake)) {
        CHECK(mistake.offset <= size);
        CHECK(mistake.message[0] != '\0');
        return 0;
    }
    for (int i = 0; i < 5 && cron_next(&cron, &zone, at_ms, &next_ms); i++) {
        CHECK(next_ms > at_ms);
        CHECK(next_ms % 1000 == 0);
        at_ms = next_ms;
    }
    return 0;
}
