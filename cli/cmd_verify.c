/*
 * verify: the laws of the engine against what PostgreSQL and Kafka hold.
 *
 * Each law is a query that answers the rows that break it. What may be under way when it is asked
 * (a batch between its rows) is asked again after two seconds: only what breaks a law both times
 * counts.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/verify_events.h"
#include "common/base/buf.h"
#include "common/base/map.h"
#include "common/io/pg.h"

#define SHOWN_MAX 20 /* breaches printed for each law */
#define AGAIN_SECONDS "2"

/* Of the journal: there is nothing to break where none is kept. */
#define ENDED "e.status BETWEEN 4 AND 7" /* COMPLETED … TIMED_OUT */

typedef struct Law {
    const char *number; /* as the invariants are numbered in docs/reliability.md */
    const char *sentence;
    const char *sql; /* answers (what) */
} Law;

static const Law laws[] = {
    {"3",  "A step ends once: one last row for each activation.",
     "SELECT s.execution_id || ' node ' || s.node || ' visit ' || s.visit || ': ' || count(*)"
     " || ' ends' FROM headrace.step_execution s WHERE s.reason NOT IN (12, 19)"
     " GROUP BY s.execution_id, s.node, s.scope, s.visit HAVING count(*) > 1"               },
    {"3",  "Rows of an execution are numbered 1, 2, 3 … without a gap.",
     "SELECT s.execution_id || ': ' || count(*) || ' rows, last is ' || max(s.ord)"
     " FROM headrace.step_execution s GROUP BY s.execution_id"
     " HAVING count(*) <> max(s.ord) OR min(s.ord) <> 1"                                    },
    {"4",  "Attempts of a step are numbered 0, 1, 2 … without a gap.",
     "SELECT s.execution_id || ' node ' || s.node || ': ' || count(*) || ' attempts, last is '"
     " || max(s.attempt) FROM headrace.step_execution s"
     " GROUP BY s.execution_id, s.node, s.scope, s.visit"
     " HAVING count(*) <> max(s.attempt) + 1 OR count(DISTINCT s.attempt) <> count(*)"      },
    {"4",  "No step is charged more attempts than its policy allows.",
     "SELECT s.execution_id || ' step ' || w.id || ': ' || count(*) || ' charged attempts'"
     " FROM headrace.step_execution s JOIN headrace.execution e ON e.id = s.execution_id"
     " JOIN headrace.workflow_step w ON w.version_id = e.version_id AND w.node = s.node"
     " WHERE s.reason <> 19 GROUP BY s.execution_id, s.scope, s.visit, w.id, w.retry::text"
     " HAVING count(*) > coalesce((w.retry::text::json ->> 'maxAttempts')::int, 4)"         },
    {"6",  "An execution that has ended waits for nothing.",
     "SELECT o.execution_id || ' node ' || o.node || ' still has a row in open_step'"
     " FROM headrace.open_step o JOIN headrace.execution e ON e.id = o.execution_id"
     " JOIN headrace.execution_status_code c ON c.code = e.status AND c.is_terminal"        },
    {"6",  "An execution has ended exactly when it has an end time.",
     "SELECT e.id || ' status ' || c.word FROM headrace.execution e"
     " JOIN headrace.execution_status_code c ON c.code = e.status"
     " WHERE c.is_terminal <> (e.completed_at IS NOT NULL)"                                 },
    {"6",  "What was sent for an execution that has ended was answered or recorded as lost.",
     "SELECT j.execution_id || ' node ' || j.node || ' attempt ' || j.attempt"
     " || ' was sent and has no end' FROM headrace.journal j"
     " JOIN headrace.execution e ON e.id = j.execution_id AND " ENDED " WHERE j.kind = 'SENT'"
     " AND NOT EXISTS (SELECT 1 FROM headrace.journal s WHERE s.execution_id = j.execution_id"
     " AND s.kind = 'STEP' AND (s.node, s.visit, s.attempt) = (j.node, j.visit, j.attempt))"},
    {"9",  "Nothing is decided about an execution after its end.",
     "SELECT e.execution_id || ' ended in ' || e.txn || ', ' || j.kind || ' of node ' || j.node"
     " || ' came in ' || j.txn FROM headrace.journal e JOIN headrace.journal j"
     " ON j.execution_id = e.execution_id AND (j.txn, j.seq) > (e.txn, e.seq)"
     " WHERE e.kind = 'EXECUTION' AND " ENDED                                               },
    {"9",  "What was decided stands: status and ended attempts are those of the journal.",
     "SELECT e.id || ' is ' || e.status || ', decided was ' || j.status FROM headrace.execution e"
     " JOIN LATERAL (SELECT status FROM headrace.journal j WHERE j.execution_id = e.id"
     " AND j.kind = 'EXECUTION' ORDER BY j.txn DESC, j.seq DESC LIMIT 1) j ON j.status <> e.status"
     " UNION ALL SELECT j.execution_id || ' row ' || j.number || ' is not there as it was decided'"
     " FROM headrace.journal j JOIN headrace.execution e ON e.id = j.execution_id"
     " LEFT JOIN headrace.step_execution s ON s.execution_id = j.execution_id AND s.ord = j.number"
     " AND (s.node, s.visit, s.attempt, s.status, s.reason, s.txn) ="
     " (j.node, j.visit, j.attempt, j.status, j.reason, j.txn)"
     " WHERE j.kind = 'STEP' AND s.ord IS NULL"                                             },
    {"12", "No timer ends a wait before it is due.",
     "SELECT execution_id || ' node ' || node || ' due ' || due_at || ' fired ' || at"
     " FROM headrace.journal WHERE kind = 'FIRED' AND (at < due_at OR due_at IS NULL)"      },
    {"12", "A wait is ended by its timer once, and is over then.",
     "SELECT execution_id || ' node ' || node || ' attempt ' || attempt || ' fired ' || count(*)"
     " FROM headrace.journal WHERE kind = 'FIRED' AND reason IN (1, 5)"
     " GROUP BY execution_id, node, visit, attempt, reason, due_at HAVING count(*) > 1"
     " UNION ALL SELECT o.execution_id || ' node ' || o.node || ' fired and waits still'"
     " FROM headrace.open_step o JOIN headrace.journal j ON j.execution_id = o.execution_id"
     " AND (j.node, j.visit, j.attempt, j.reason, j.due_at) ="
     " (o.node, o.visit, o.attempt, o.reason, o.due_at)"
     " WHERE j.kind = 'FIRED' AND o.reason IN (1, 5)"                                       },
    {"18", "Batches of a partition are numbered without a gap, none acknowledged before it was.",
     "SELECT 'partition ' || j.part || ': ' || count(*) || ' batches from ' || min(j.txn)"
     " || ' to ' || max(j.txn) || ', it stands at ' || p.txn"
     " FROM headrace.journal j JOIN headrace.engine_partition p ON p.part = j.part"
     " WHERE j.kind = 'BATCH' GROUP BY j.part, p.txn"
     " HAVING count(*) <> max(j.txn) - min(j.txn) + 1 OR max(j.txn) <> p.txn"
     " UNION ALL SELECT 'partition ' || part || ' batch ' || txn || ' came after '"
     " || number || ' was acknowledged' FROM headrace.journal"
     " WHERE kind = 'BATCH' AND number >= txn"
     " UNION ALL SELECT 'partition ' || part || ': more is acknowledged than was sent'"
     " FROM headrace.engine_partition WHERE acked_txn > txn"                                },
    {"19", "An execution belongs to the tenant of its template and version.",
     "SELECT e.id::text FROM headrace.execution e LEFT JOIN headrace.workflow_version v"
     " ON v.id = e.version_id AND v.tenant_id = e.tenant_id AND v.template_id = e.template_id"
     " WHERE v.id IS NULL"                                                                  },
    {"23", "An execution that has not ended has something that will wake it.",
     "SELECT e.id || ' has been ' || c.word || ' since ' || e.started_at"
     " FROM headrace.execution e JOIN headrace.execution_status_code c"
     " ON c.code = e.status AND NOT c.is_terminal"
     " WHERE e.started_at < now() - interval '3 s'"
     " AND NOT EXISTS (SELECT 1 FROM headrace.open_step o WHERE o.execution_id = e.id)"
     " AND NOT EXISTS (SELECT 1 FROM headrace.turn_log t"
     " WHERE t.part = e.part AND position(uuid_send(e.id) IN t.opened) > 0)"                },
};

typedef struct Verify {
    Pg *pg;
    const char *brokers;
    bool is_quiet;
    uint32_t broken_count;
} Verify;

static int ask(Verify *verify, const Law *law, Map *breaches) {
    PgResult *result = NULL;
    int r = pg_query(verify->pg, law->sql, NULL, 0, &result);

    if (r) {
        fprintf(stderr, "headrace verify: law %s cannot be asked: %s\n", law->number,
                pg_failure(verify->pg)->message);
        return r;
    }
    for (uint32_t row = 0; row < pg_rows(result); row++)
        map_set(breaches, pg_str(result, row, 0), verify);
    pg_result_free(result);
    return 0;
}

static void tell(Verify *verify, const Law *law, const Map *first, const Map *second) {
    uint32_t shown = 0, count = 0;
    size_t position = 0;
    void *value;
    Str what;

    while (map_next(second, &position, &what, &value)) {
        if (map_find(first, what) == NULL)
            continue;
        count++;
        if (shown++ < SHOWN_MAX)
            printf("broken   law %s: %.*s\n", law->number, STR_ARGS(what));
    }
    verify->broken_count += count > 0;
    if (count == 0 && !verify->is_quiet)
        printf("holds    law %s: %s\n", law->number, law->sentence);
    if (count > SHOWN_MAX)
        printf("         … and %u more\n", count - SHOWN_MAX);
}

static int check_laws(Verify *verify) {
    Map first[sizeof laws / sizeof laws[0]], second;
    bool has_doubt = false;
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(laws); i++) {
        map_init(&first[i], 0);
        r = r ? r : ask(verify, &laws[i], &first[i]);
        has_doubt = has_doubt || first[i].count > 0;
    }
    if (has_doubt)
        pg_exec(verify->pg, "SELECT pg_sleep(" AGAIN_SECONDS ")");
    for (size_t i = 0; i < ARRAY_SIZE(laws); i++) {
        map_init(&second, 0);
        if (r == 0 && first[i].count > 0)
            r = ask(verify, &laws[i], &second);
        if (r == 0)
            tell(verify, &laws[i], &first[i], &second);
        map_done(&second);
        map_done(&first[i]);
    }
    return r;
}

static int usage(FILE *to, int code) {
    fprintf(to, "Usage: headrace verify [--dsn DSN] [--kafka HOST:PORT] [--quiet]\n\n"
                "Checks the laws of the engine: no accepted event is lost, no step is recorded\n"
                "twice, attempts are counted right, what has ended is at rest, and whatever has\n"
                "not ended has something that will wake it.\n\n"
                "  --dsn     PostgreSQL, role headrace_check_ro or above (HEADRACE_PG_DSN)\n"
                "  --kafka   brokers, for the events (HEADRACE_KAFKA); without: not checked\n"
                "  --quiet   only what is broken\n\n"
                "Exit code: 0 all laws hold, 1 one is broken, 69 a neighbour is out of reach.\n");
    return code;
}

static int check_all(Verify *verify) {
    if (check_laws(verify))
        return EXIT_UNAVAILABLE;
    if (verify->brokers != NULL) {
        uint32_t lost = 0;

        if (verify_events(verify->pg, verify->brokers, &lost))
            return EXIT_UNAVAILABLE;
        verify->broken_count += lost > 0;
        if (lost == 0 && !verify->is_quiet)
            printf(
                "holds    law 1: Every event that was taken is an execution or a dead letter.\n");
    }
    return verify->broken_count ? EXIT_NOT_DONE : EXIT_DONE;
}

int cmd_verify(int argc, char **argv) {
    static const struct option options[] = {
        {"dsn",   required_argument, NULL, 'd'},
        {"kafka", required_argument, NULL, 'k'},
        {"quiet", no_argument,       NULL, 'q'},
        {"help",  no_argument,       NULL, 'h'},
        {NULL,    0,                 NULL, 0  },
    };
    Verify verify = {.brokers = getenv("HEADRACE_KAFKA")};
    const char *dsn = getenv("HEADRACE_PG_DSN");
    int option, code;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'h')
            return usage(stdout, EXIT_DONE);
        if (option == 'd')
            dsn = optarg;
        else if (option == 'k')
            verify.brokers = optarg;
        else if (option == 'q')
            verify.is_quiet = true;
        else
            return usage(stderr, EXIT_USAGE);
    }
    if (dsn == NULL) {
        fprintf(stderr, "headrace verify: neither --dsn nor HEADRACE_PG_DSN is given\n");
        return EXIT_USAGE;
    }
    verify.pg = pg_new(&(PgSettings){.dsn = dsn,
                                     .application_name = "headrace verify",
                                     .connect_timeout_ms = 5000,
                                     .statement_timeout_ms = 120000,
                                     .is_reader = true});
    code = check_all(&verify);
    pg_free(verify.pg);
    return code;
}
