/*
 * Answers about schedules for test_cron_zones.py: one question a line,
 * "expression|zone|after_ms|n", one line of n instants in ms, or "refused: why".
 */

#include <inttypes.h>
#include <stdio.h>

#include "common/io/zone.h"
#include "trigger-gateway/fire/cron.h"

static void answer(Str line) {
    Str rest = line;
    Str text = str_split(&rest, '|');
    Str zone = str_split(&rest, '|');
    int64_t at_ms, count;
    ZoneRules rules;
    CronMistake mistake;
    Cron cron;

    if (!str_to_int64(str_split(&rest, '|'), INT64_MIN, INT64_MAX, &at_ms) ||
        !str_to_int64(rest, 0, 100000, &count))
        printf("refused: no question");
    else if (cron_parse(text, &cron, &mistake))
        printf("refused: %s", mistake.message);
    else if (zone_find(zone, &rules))
        printf("refused: no such zone");
    else {
        while (count-- > 0 && cron_next(&cron, &rules, at_ms, &at_ms))
            printf("%" PRId64 " ", at_ms);
    }
    printf("\n");
    fflush(stdout);
}

int main(void) {
    char line[1024];

    while (fgets(line, sizeof line, stdin) != NULL)
        answer(str_trim(str_of(line)));
    return 0;
}
