/* What a partition had to send is acknowledged in the order of its batches. */

#include <criterion/criterion.h>

#include "coordinator/partition.h"

static Partition *partition;

static void open_partition(void) {
    partition = partition_new(3);
    partition->acked_txn = 10;
}

static void close_partition(void) {
    partition_free(partition);
}

TestSuite(partition, .init = open_partition, .fini = close_partition);

Test(partition, a_batch_that_sends_nothing_is_acknowledged_at_once) {
    partition_sent(partition, 11, 0);
    cr_expect_eq(partition->acked_txn, 11);
}

Test(partition, a_batch_is_acknowledged_with_its_last_task) {
    partition_sent(partition, 11, 2);
    partition_acked(partition, 11);
    cr_expect_eq(partition->acked_txn, 10);
    partition_acked(partition, 11);
    cr_expect_eq(partition->acked_txn, 11);
}

Test(partition, a_later_batch_waits_for_the_earlier_one) {
    partition_sent(partition, 11, 1);
    partition_sent(partition, 12, 1);
    partition_sent(partition, 13, 0);
    partition_acked(partition, 12);
    cr_expect_eq(partition->acked_txn, 10);
    partition_acked(partition, 11);
    cr_expect_eq(partition->acked_txn, 13);
    cr_expect_eq(partition->sent_count, 0);
}

Test(partition, an_acknowledgement_of_an_unknown_batch_changes_nothing) {
    partition_sent(partition, 11, 1);
    partition_acked(partition, 7);
    cr_expect_eq(partition->acked_txn, 10);
    cr_expect_eq(partition->sent_count, 1);
}

Test(partition, it_has_caught_up_when_both_logs_are_read_to_the_sample) {
    partition->events_end = 5;
    partition->results_end = 9;
    partition->next_event = 5;
    partition->next_result = 8;
    cr_expect_not(partition_has_read_to_sample(partition));
    partition->next_result = 9;
    cr_expect(partition_has_read_to_sample(partition));
}
