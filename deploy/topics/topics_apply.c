/*
 * headrace-topics: makes a Kafka cluster have the topics that deploy/topics.yaml tells.
 *
 *     headrace-topics --brokers HOST:PORT[,…] [--file FILE] [--shrink] [--wait-ms N] [-X KEY=VALUE]
 *
 * Applying twice changes nothing. What a person must decide is refused: another number of
 * partitions than the file says, or a cluster too small for the copies that the file wants.
 *
 * Exit: 0 the cluster is as the file says, 1 the cluster is silent or said no, 2 wrong usage or
 * file, 3 a topic has another number of partitions.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/str.h"
#include "deploy/topics/topic_admin.h"
#include "deploy/topics/topic_list.h"

#define WAIT_MS_MAX 600000

/* A new topic's leaders are elected within a second; it may take longer on a busy cluster. */
#define LEADERS_TRIES 100

enum {
    EXIT_CLUSTER = 1,
    EXIT_USAGE = 2,
    EXIT_PARTITIONS = 3,
};

typedef struct Order {
    const char *file;
    bool shrink;
    bool wants_usage;
    int wait_ms;
    rd_kafka_conf_t *conf;
    bool has_brokers;
} Order;

static const char usage[] =
    "usage: headrace-topics --brokers HOST:PORT[,...] [--file FILE] [--shrink] [--wait-ms N]\n"
    "                       [-X KEY=VALUE]...\n"
    "\n"
    "  --brokers   the cluster\n"
    "  --file      the topics (deploy/topics.yaml)\n"
    "  --shrink    on a cluster with fewer brokers than replicationFactor, make fewer copies\n"
    "              instead of refusing; for development only\n"
    "  --wait-ms   how long to wait for the first answer (10000)\n"
    "  -X          a client setting of librdkafka, such as security.protocol=SASL_SSL\n";

static bool set_conf(Order *order, const char *key, const char *value) {
    char problem[512];

    if (rd_kafka_conf_set(order->conf, key, value, problem, sizeof problem) == RD_KAFKA_CONF_OK)
        return true;
    fprintf(stderr, "headrace-topics: %s\n", problem);
    return false;
}

static bool set_pair(Order *order, char *pair) {
    char *equals = strchr(pair, '=');

    if (!equals) {
        fprintf(stderr, "headrace-topics: -X wants KEY=VALUE, not \"%s\"\n", pair);
        return false;
    }
    *equals = 0;
    return set_conf(order, pair, equals + 1);
}

static bool set_wait(Order *order, const char *text) {
    int64_t wait_ms;

    if (!str_to_int64(str_of(text), 0, WAIT_MS_MAX, &wait_ms)) {
        fprintf(stderr, "headrace-topics: --wait-ms wants 0 to %d, not \"%s\"\n", WAIT_MS_MAX,
                text);
        return false;
    }
    order->wait_ms = (int)wait_ms;
    return true;
}

static bool take_option(Order *order, int option) {
    switch (option) {
    case 'b':
        order->has_brokers = true;
        return set_conf(order, "bootstrap.servers", optarg);
    case 'f':
        order->file = optarg;
        return true;
    case 's':
        order->shrink = true;
        return true;
    case 'w':
        return set_wait(order, optarg);
    case 'h':
        order->wants_usage = true;
        return true;
    case 'X':
        return set_pair(order, optarg);
    }
    return false;
}

static bool read_order(Order *order, int argc, char **argv) {
    static const struct option options[] = {
        {"brokers", required_argument, NULL, 'b'},
        {"file",    required_argument, NULL, 'f'},
        {"shrink",  no_argument,       NULL, 's'},
        {"wait-ms", required_argument, NULL, 'w'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  },
    };
    int option;

    while ((option = getopt_long(argc, argv, "X:", options, NULL)) != -1)
        if (!take_option(order, option))
            return false;
    if (order->wants_usage)
        return true;
    if (optind < argc)
        fprintf(stderr, "headrace-topics: \"%s\" is not understood\n", argv[optind]);
    else if (!order->has_brokers)
        fprintf(stderr, "headrace-topics: --brokers is missing\n");
    return optind == argc && order->has_brokers;
}

static void shrink_topic(Topic *topic, int brokers) {
    if (topic->replication_factor <= brokers)
        return;
    topic->replication_factor = brokers;

    for (size_t i = 0; i < topic->setting_count; i++) {
        TopicSetting *setting = &topic->settings[i];
        int64_t replicas;

        if (strcmp(setting->key, "min.insync.replicas") == 0 &&
            str_to_int64(str_of(setting->value), 1, TOPIC_REPLICATION_MAX, &replicas) &&
            replicas > brokers)
            snprintf(setting->value, sizeof setting->value, "%d", brokers);
    }
}

static int fit_topics(const Order *order, TopicList *list, int brokers) {
    for (size_t i = 0; i < list->count; i++) {
        Topic *topic = &list->topics[i];

        if (order->shrink)
            shrink_topic(topic, brokers);
        if (topic->replication_factor <= brokers)
            continue;
        fprintf(stderr,
                "topic %s: wants %d copies, the cluster has %d broker(s); --shrink makes fewer\n",
                topic->name, topic->replication_factor, brokers);
        return TOPIC_ADMIN_E_REFUSED;
    }
    return 0;
}

static int settle_topic(rd_kafka_t *client, const Topic *topic, const TopicFound *found) {
    int changed, r;

    if (!found->is_there) {
        r = topic_admin_create(client, topic);
        if (r == 0)
            printf("topic %s: created, %d partitions\n", topic->name, topic->partitions);
        return r;
    }
    if (found->partitions != topic->partitions) {
        fprintf(
            stderr,
            "topic %s: has %d partitions, the file says %d; this is never changed by applying\n",
            topic->name, found->partitions, topic->partitions);
        return TOPIC_ADMIN_E_PARTITIONS;
    }
    r = topic_admin_set(client, topic, &changed);
    if (r)
        return r;
    if (changed)
        printf("topic %s: %d setting(s) changed\n", topic->name, changed);
    else
        printf("topic %s: as it should be\n", topic->name);
    return 0;
}

static int wait_leaders(rd_kafka_t *client, const TopicList *list) {
    TopicFound found[TOPIC_COUNT_MAX];

    for (int try = 0; try < LEADERS_TRIES; try++) {
        size_t ready = 0;
        int r = topic_admin_look(client, list, found);

        if (r)
            return r;
        for (size_t i = 0; i < list->count; i++)
            ready += found[i].is_there && found[i].is_led;
        if (ready == list->count)
            return 0;
        topic_admin_pause(client);
    }
    fprintf(stderr, "the topics are there, but not every partition has a leader\n");
    return TOPIC_ADMIN_E_SILENT;
}

static int apply(rd_kafka_t *client, const Order *order, TopicList *list) {
    TopicFound found[TOPIC_COUNT_MAX];
    int brokers, r, worst = 0;

    r = topic_admin_wait(client, order->wait_ms, &brokers);
    if (r == 0)
        r = fit_topics(order, list, brokers);
    if (r == 0)
        r = topic_admin_look(client, list, found);
    if (r)
        return r;

    for (size_t i = 0; i < list->count; i++) {
        r = settle_topic(client, &list->topics[i], &found[i]);
        if (r > worst)
            worst = r;
    }
    return worst ? worst : wait_leaders(client, list);
}

static int run(Order *order) {
    static TopicList list;
    TopicComplaint complaint;
    char problem[512];
    rd_kafka_t *client;
    int r;

    if (topic_list_read(order->file, &list, &complaint)) {
        fprintf(stderr, "%s\n", complaint.text);
        return EXIT_USAGE;
    }
    client = rd_kafka_new(RD_KAFKA_PRODUCER, order->conf, problem, sizeof problem);
    if (!client) {
        fprintf(stderr, "headrace-topics: %s\n", problem);
        return EXIT_USAGE;
    }
    order->conf = NULL; /* the client's now */

    r = apply(client, order, &list);
    rd_kafka_destroy(client);
    if (r == TOPIC_ADMIN_E_PARTITIONS)
        return EXIT_PARTITIONS;
    return r ? EXIT_CLUSTER : 0;
}

int main(int argc, char **argv) {
    Order order = {.file = "deploy/topics.yaml", .wait_ms = 10000, .conf = rd_kafka_conf_new()};
    int code = EXIT_USAGE;

    /* Until the first broker answers, refused connections are what we wait for, not news. */
    rd_kafka_conf_set(order.conf, "log_level", "2", NULL, 0);
    rd_kafka_conf_set(order.conf, "reconnect.backoff.max.ms", "500", NULL, 0);

    if (!read_order(&order, argc, argv))
        fputs(usage, stderr);
    else if (order.wants_usage)
        code = fputs(usage, stdout) < 0;
    else
        code = run(&order);
    if (order.conf)
        rd_kafka_conf_destroy(order.conf);
    return code;
}
