/*
 * headrace-dev-broker FILE-OF-TOPICS FILE-FOR-ADDRESS: an embedded Kafka for development.
 *
 * Used by `./dev` only where Java cannot be had. It is librdkafka's mock cluster behind real
 * sockets, in a process of its own. It keeps at most 5 MB per partition and nothing over a restart,
 * and a second member that joins a running consumer group breaks that group: good enough to see the
 * product run, never for measurements, and never for tests of scaling or restarts.
 *
 * Writes its address (host:port) into FILE-FOR-ADDRESS once the topics are there, and runs until
 * SIGTERM or SIGINT.
 */

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "deploy/topics/topic_list.h"

static int create_topics(rd_kafka_mock_cluster_t *cluster, const TopicList *list) {
    for (size_t i = 0; i < list->count; i++) {
        const Topic *topic = &list->topics[i];
        rd_kafka_resp_err_t error;

        error = rd_kafka_mock_topic_create(cluster, topic->name, topic->partitions, 1);
        if (error) {
            fprintf(stderr, "topic %s: %s\n", topic->name, rd_kafka_err2str(error));
            return 1;
        }
    }
    return 0;
}

/* Whoever waits for the file sees all of the address or nothing. */
static int tell_address(const char *path, const char *address) {
    char draft[4096];
    FILE *file;
    int length = snprintf(draft, sizeof draft, "%s.new", path);

    if (length < 0 || (size_t)length >= sizeof draft) {
        fprintf(stderr, "%s: the path is too long\n", path);
        return 1;
    }
    file = fopen(draft, "we");
    if (!file || fprintf(file, "%s\n", address) < 0) {
        fprintf(stderr, "%s: %m\n", draft);
        if (file)
            fclose(file);
        return 1;
    }
    if (fclose(file) || rename(draft, path)) {
        fprintf(stderr, "%s: %m\n", path);
        return 1;
    }
    return 0;
}

static int serve(rd_kafka_t *client, const TopicList *list, const char *path,
                 const sigset_t *signals) {
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, 1);
    const char *address;
    int code = 1, signal;

    if (!cluster) {
        fprintf(stderr, "headrace-dev-broker: the mock cluster does not start\n");
        return 1;
    }
    address = rd_kafka_mock_cluster_bootstraps(cluster);
    if (create_topics(cluster, list) == 0 && tell_address(path, address) == 0) {
        printf("development broker on %s, %zu topics; nothing is kept over a restart\n", address,
               list->count);
        fflush(stdout);
        code = sigwait(signals, &signal) ? 1 : 0;
        unlink(path);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    return code;
}

int main(int argc, char **argv) {
    static TopicList list;
    TopicComplaint complaint;
    char problem[512];
    sigset_t signals;
    rd_kafka_t *client;
    int code;

    if (argc != 3) {
        fprintf(stderr, "usage: headrace-dev-broker FILE-OF-TOPICS FILE-FOR-ADDRESS\n");
        return 2;
    }
    if (topic_list_read(argv[1], &list, &complaint)) {
        fprintf(stderr, "%s\n", complaint.text);
        return 2;
    }

    /* Blocked before the client starts its threads, so that only sigwait() sees them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    client = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, problem, sizeof problem);
    if (!client) {
        fprintf(stderr, "headrace-dev-broker: %s\n", problem);
        return 1;
    }
    code = serve(client, &list, argv[2], &signals);
    rd_kafka_destroy(client);
    return code;
}
