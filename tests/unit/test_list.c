#include <criterion/criterion.h>

#include "common/base/defs.h"
#include "common/base/list.h"

typedef struct Wagon {
    int number;
    ListNode node;
} Wagon;

static int number_of(const ListNode *node) {
    return CONTAINER_OF(node, Wagon, node)->number;
}

/* The numbers in order, read as digits. */
static int train(const ListNode *head) {
    int digits = 0;

    LIST_FOR_EACH(node, head)
    digits = digits * 10 + number_of(node);
    return digits;
}

Test(list, a_new_list_is_empty) {
    ListNode head;

    list_init(&head);
    cr_assert(list_is_empty(&head));
    cr_assert_null(list_first(&head));
    cr_assert_eq(train(&head), 0);
}

Test(list, members_stand_where_they_were_put) {
    Wagon one = {1}, two = {2}, three = {3}, four = {4};
    ListNode head;

    list_init(&head);
    list_push_last(&head, &two.node);
    list_push_last(&head, &four.node);
    list_push_first(&head, &one.node);
    list_insert_before(&four.node, &three.node);
    cr_assert_eq(train(&head), 1234);
    cr_assert_eq(number_of(list_first(&head)), 1);
    cr_assert(list_is_linked(&one.node));
}

Test(list, dropping_closes_the_gap) {
    Wagon one = {1}, two = {2}, three = {3};
    ListNode head;

    list_init(&head);
    list_push_last(&head, &one.node);
    list_push_last(&head, &two.node);
    list_push_last(&head, &three.node);
    list_drop(&two.node);
    cr_assert_eq(train(&head), 13);
    cr_assert_not(list_is_linked(&two.node));
    list_drop(&one.node);
    list_drop(&three.node);
    cr_assert(list_is_empty(&head));
}

Test(list, dropping_what_is_in_no_list_does_nothing) {
    Wagon one = {1};
    ListNode head;

    list_drop(&one.node);
    list_init(&head);
    list_push_last(&head, &one.node);
    list_drop(&one.node);
    list_drop(&one.node);
    cr_assert(list_is_empty(&head));
}

Test(list, a_dropped_member_may_join_again) {
    Wagon one = {1}, two = {2};
    ListNode head;

    list_init(&head);
    list_push_last(&head, &one.node);
    list_push_last(&head, &two.node);
    list_drop(&one.node);
    list_push_last(&head, &one.node);
    cr_assert_eq(train(&head), 21);
}

Test(list, the_member_at_hand_may_be_dropped_while_walking) {
    Wagon wagons[5] = {{1}, {2}, {3}, {4}, {5}};
    ListNode head;

    list_init(&head);
    for (int i = 0; i < 5; i++)
        list_push_last(&head, &wagons[i].node);
    LIST_FOR_EACH(node, &head)
    if (number_of(node) % 2)
        list_drop(node);
    cr_assert_eq(train(&head), 24);
}
