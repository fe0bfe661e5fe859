/*
 * The way out: SIGTERM asks, the watchdog insists.
 *
 * The watchdog is a timer of the kernel and a signal, not of the loop: it also ends a process whose
 * loop hangs in somebody's close function.
 *
 * Runs on: loop; the watchdog in whatever thread the signal interrupts.
 */

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/io/log.h"
#include "common/service/service_private.h"

static volatile sig_atomic_t exit_code;

static void watchdog_bites(int number) {
    static const char last_words[] =
        "{\"level\":\"warn\",\"event\":\"service.drain_budget_over\"}\n";

    (void)number;
    if (write(STDERR_FILENO, last_words, sizeof last_words - 1) < 0)
        _exit(exit_code);
    _exit(exit_code);
}

void drain_exit_code(int code) {
    exit_code = code;
}

void drain_watchdog(int64_t budget_ms) {
    struct itimerval budget = {
        .it_value = {.tv_sec = budget_ms / 1000, .tv_usec = budget_ms % 1000 * 1000}
    };
    struct sigaction action = {.sa_handler = watchdog_bites};

    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &budget, NULL) == 0);
}

static void signal_taken(uv_signal_t *handle, int number) {
    Drain *drain = handle->data;

    log_event(LOG_INFO, "service.signal", LOG_C("signal", sigabbrev_np(number)));
    if (drain->is_told)
        _exit(exit_code);
    drain->is_told = true;
    drain->fn(drain->context);
}

void drain_open(Loop *loop, Drain *drain, LoopFn fn, void *context) {
    uv_loop_t *uv = loop_uv(loop);

    *drain = (Drain){.fn = fn, .context = context};
    drain->term.data = drain;
    drain->interrupt.data = drain;
    CHECK(uv_signal_init(uv, &drain->term) == 0);
    CHECK(uv_signal_init(uv, &drain->interrupt) == 0);
    CHECK(uv_signal_start(&drain->term, signal_taken, SIGTERM) == 0);
    CHECK(uv_signal_start(&drain->interrupt, signal_taken, SIGINT) == 0);
}

void drain_close(Drain *drain) {
    uv_close((uv_handle_t *)&drain->term, NULL);
    uv_close((uv_handle_t *)&drain->interrupt, NULL);
}
