/*
 * The life of a daemon.
 *
 *   arguments ─► configuration ─► start ─► SERVING ─► DRAINING ─► stop ─► exit code
 *                                             │           ▲
 *                                             └─ signal ──┘ or service_fail()
 *
 * Runs on: loop; service_fail() on any thread.
 */

#include "common/service/service.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/log.h"
#include "common/service/service_private.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

typedef enum ServiceState {
    SERVICE_STARTING,
    SERVICE_SERVING,
    SERVICE_DRAINING,
} ServiceState;

typedef struct CommonConfig {
    char *admin_listen;
    char *instance;
    char *log_level;
    int64_t drain_ms;
} CommonConfig;

struct Service {
    const ServiceSpec *spec;
    ServiceState state;
    int exit_code;
    ConfigKey *keys; /* the common ones first; the daemon's places moved behind CommonConfig */
    uint32_t key_count;
    CommonConfig *config; /* the daemon's struct lies behind it */
    char instance[128];
    Loop *loop;
    Metrics *metrics;
    Health *health;
    Drain drain;
    void *daemon;
};

#define AT(field) offsetof(CommonConfig, field)

static const ConfigKey common_keys[] = {
    {"admin.listen", CONFIG_TEXT, AT(admin_listen), "127.0.0.1:0", 1,    128,
     "Address and port of /livez, /readyz and /metrics; port 0: any free one, told in the log."                },
    {"instance",     CONFIG_TEXT, AT(instance),     "",            1,    100,
     "Name of this process in logs and leases; by default daemon, host and process id."                        },
    {"log.level",    CONFIG_TEXT, AT(log_level),    "info",        1,    10,      "debug, info, warn or error."},
    {"drain",        CONFIG_MS,   AT(drain_ms),     "30s",         1000, 3600000,
     "How long a daemon may take to end after SIGTERM; then it ends as it is."                                 },
};

/* Aligned for every type. */
#define CONFIG_OFFSET ((sizeof(CommonConfig) + 15) / 16 * 16)

const ConfigKey *service_config_keys(uint32_t *ret_count) {
    *ret_count = ARRAY_SIZE(common_keys);
    return common_keys;
}

/* ── what a daemon may ask ──────────────────────────────────────────────────────────────────── */

Loop *service_loop(Service *service) {
    return service->loop;
}

Metrics *service_metrics(Service *service) {
    return service->metrics;
}

const char *service_instance(const Service *service) {
    return service->instance;
}

void service_drained(Service *service) {
    log_event(LOG_INFO, "service.drained");
    loop_stop(service->loop);
}

static void drain_begin(void *context) {
    Service *service = context;

    if (service->state == SERVICE_DRAINING)
        return;
    service->state = SERVICE_DRAINING;
    log_event(LOG_INFO, "service.draining", LOG_INT("budget_ms", service->config->drain_ms));
    drain_watchdog(service->config->drain_ms);
    if (service->spec->drain)
        service->spec->drain(service->daemon);
    else
        service_drained(service);
}

static void failed(void *context) {
    Service *service = context;

    service->exit_code = EXIT_FAILED;
    drain_exit_code(EXIT_FAILED);
    drain_begin(service);
}

void service_fail(Service *service, const char *why) {
    log_event(LOG_ERROR, "service.failed", LOG_C("why", why));
    loop_post(service->loop, failed, service);
}

static bool is_ready(void *context, Buf *ret_reason) {
    Service *service = context;

    if (service->state == SERVICE_STARTING)
        buf_add_text(ret_reason, "starting");
    if (service->state == SERVICE_DRAINING)
        buf_add_text(ret_reason, "draining");
    if (service->state != SERVICE_SERVING)
        return false;
    return !service->spec->ready || service->spec->ready(service->daemon, ret_reason);
}

/* ── arguments and configuration ────────────────────────────────────────────────────────────── */

typedef struct Arguments {
    const char *config_file;
    bool is_check, is_print;
    int code; /* -1: go on; else the process ends with it */
} Arguments;

static void merge_keys(Service *service) {
    const ServiceSpec *spec = service->spec;
    uint32_t common = ARRAY_SIZE(common_keys);

    service->key_count = common + spec->key_count;
    service->keys = alloc_array(service->key_count, sizeof *service->keys);
    memcpy(service->keys, common_keys, sizeof common_keys);
    for (uint32_t i = 0; i < spec->key_count; i++) {
        service->keys[common + i] = spec->keys[i];
        service->keys[common + i].place += CONFIG_OFFSET;
    }
    service->config = alloc_zero(CONFIG_OFFSET + spec->config_bytes);
}

static void print_help(const Service *service) {
    printf("headrace-%s: %s\n\n"
           "usage: headrace-%s [OPTION]…\n\n"
           "  --config FILE   lines \"key = value\"; the environment wins\n"
           "  --check-config  says whether the configuration is good, and ends\n"
           "  --print-config  prints it, without secrets, as a file for --config, and ends\n"
           "  --document-config, --document-metrics\n"
           "                  print tables for the documentation, and end\n"
           "  --version       prints the version, and ends\n"
           "  --help          prints this, and ends\n\n"
           "Keys (HEADRACE_ and the name in capitals, dots as _; …_FILE names a file):\n\n",
           service->spec->name, service->spec->sentence, service->spec->name);
    for (uint32_t i = 0; i < service->key_count; i++)
        printf("  %-24s %s\n  %-24s default: %s\n", service->keys[i].name,
               service->keys[i].sentence, "",
               service->keys[i].fallback ? service->keys[i].fallback : "(required)");
}

static void print_version(const Service *service) {
    printf("headrace-%s %s\n", service->spec->name, HEADRACE_VERSION);
}

static void document_config(const Service *service) {
    _cleanup_(buf_done) Buf text = {0};

    config_document("Every daemon", common_keys, ARRAY_SIZE(common_keys), &text);
    buf_printf(&text, "\n");
    config_document(service->spec->name, service->spec->keys, service->spec->key_count, &text);
    fputs(text.data, stdout);
}

static void document_metrics(const Service *service) {
    _cleanup_(buf_done) Buf text = {0};

    metrics_document(service->spec->name, service->spec->metrics, service->spec->metric_count,
                     &text);
    fputs(text.data, stdout);
}

/* What a daemon prints instead of living, by option. */
static const struct {
    int option;
    void (*print)(const Service *service);
} prints[] = {
    {'h', print_help      },
    {'v', print_version   },
    {'C', document_config },
    {'M', document_metrics},
};

static void take_option(const Service *service, int option, Arguments *arguments) {
    if (option == 'c')
        arguments->config_file = optarg;
    else if (option == 'k')
        arguments->is_check = true;
    else if (option == 'p')
        arguments->is_print = true;
    else if (option == '?')
        arguments->code = EXIT_USAGE;
    for (size_t i = 0; i < ARRAY_SIZE(prints); i++) {
        if (prints[i].option != option)
            continue;
        prints[i].print(service);
        arguments->code = EXIT_DONE;
    }
}

static void read_arguments(const Service *service, int argc, char **argv, Arguments *arguments) {
    static const struct option options[] = {
        {"config",       required_argument, NULL, 'c'},
        {"check-config",          no_argument, NULL, 'k'},
        {"print-config",              no_argument, NULL, 'p'},
        {"document-config",no_argument, NULL, 'C'},
        {"document-metrics",           no_argument, NULL, 'M'},
        {"version", no_argument, NULL, 'v'},
        {"help",          no_argument, NULL, 'h'},
        {0             },
    };
    int option;

    arguments->code = -1;
    while (arguments->code < 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        take_option(service, option, arguments);
    if (arguments->code < 0 && optind < argc) {
        fprintf(stderr, "headrace-%s: what is \"%s\"?\n", service->spec->name, argv[optind]);
        arguments->code = EXIT_USAGE;
    }
}

static int complain(const Service *service, const char *text) {
    fprintf(stderr, "headrace-%s: the configuration is wrong:\n%s\n", service->spec->name, text);
    return EXIT_USAGE;
}

static void name_instance(Service *service) {
    char host[64] = "";

    if (service->config->instance[0]) {
        snprintf(service->instance, sizeof service->instance, "%s", service->config->instance);
        return;
    }
    gethostname(host, sizeof host - 1);
    snprintf(service->instance, sizeof service->instance, "%s-%s-%d", service->spec->name, host,
             (int)getpid());
}

/* -1: go on; else the exit code. */
static int read_config(Service *service, const Arguments *arguments) {
    _cleanup_(buf_done) Buf text = {0};
    LogLevel level;

    if (config_read(service->keys, service->key_count, arguments->config_file, service->config,
                    &text))
        return complain(service, text.data);
    if (!log_level_from_word(str_of(service->config->log_level), &level))
        return complain(service, "log.level (HEADRACE_LOG_LEVEL) is debug, info, warn or error");
    if (arguments->is_print) {
        config_print(service->keys, service->key_count, service->config, &text);
        printf("%s", text.data);
        return EXIT_DONE;
    }
    if (arguments->is_check) {
        puts("the configuration is good");
        return EXIT_DONE;
    }
    name_instance(service);
    log_setup(service->spec->name, service->instance, level);
    return -1;
}

/* ── life ───────────────────────────────────────────────────────────────────────────────────── */

/* A peer that closes its end is an error of that write, not the end of the process. */
static void ignore_broken_pipes(void) {
    struct sigaction action = {.sa_handler = SIG_IGN};

    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
}

static int start(Service *service) {
    HealthSpec health = {.listen = service->config->admin_listen,
                         .metrics = service->metrics,
                         .ready = is_ready,
                         .context = service};
    int r = health_open(service->loop, &health, &service->health);

    if (r) {
        log_fault("admin.cannot_listen", r, LOG_C("address", service->config->admin_listen));
        return fault_pass(r);
    }
    r = service->spec->start(service, (char *)service->config + CONFIG_OFFSET, &service->daemon);
    if (r)
        log_fault("service.cannot_start", r);
    return fault_pass(r);
}

static void live(Service *service) {
    drain_open(service->loop, &service->drain, drain_begin, service);
    service->state = SERVICE_SERVING;
    log_event(LOG_INFO, "service.started", LOG_C("version", HEADRACE_VERSION),
              LOG_INT("pid", getpid()));
    loop_run(service->loop);

    if (service->spec->stop)
        service->spec->stop(service->daemon);
    health_close(service->health);
    drain_close(&service->drain);
    loop_free(service->loop);
    log_event(LOG_INFO, "service.ended", LOG_INT("code", service->exit_code));
    log_flush();
}

static int run(Service *service, int argc, char **argv) {
    Arguments arguments = {0};
    int code;

    read_arguments(service, argc, argv, &arguments);
    code = arguments.code;
    if (code < 0)
        code = read_config(service, &arguments);
    if (code >= 0)
        return code;
    ignore_broken_pipes();
    service->loop = loop_new();
    service->metrics =
        metrics_new(service->spec->name, service->spec->metrics, service->spec->metric_count);
    if (start(service)) {
        log_flush();
        _exit(EXIT_FAILED); /* with what is open: the daemon is in pieces */
    }
    live(service);
    metrics_free(service->metrics);
    return service->exit_code;
}

int service_main(const ServiceSpec *spec, int argc, char **argv) {
    Service service = {.spec = spec};
    int code;

    merge_keys(&service);
    code = run(&service, argc, argv);
    config_free(service.keys, service.key_count, service.config);
    alloc_free(service.config);
    alloc_free(service.keys);
    return code;
}
