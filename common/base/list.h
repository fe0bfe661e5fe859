#pragma once

/*
 * List: an intrusive, doubly linked ring. The head is a ListNode of its own; members embed theirs.
 * Nothing is allocated; a node is in one list at a time. list_drop() on a node that is in no list
 * (zeroed, or dropped before) does nothing.
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct ListNode {
    struct ListNode *next;
    struct ListNode *previous;
} ListNode;

static inline void list_init(ListNode *head) {
    head->next = head;
    head->previous = head;
}

static inline bool list_is_empty(const ListNode *head) {
    return head->next == head;
}

static inline bool list_is_linked(const ListNode *node) {
    return node->next != NULL;
}

static inline void list_insert_before(ListNode *position, ListNode *node) {
    node->next = position;
    node->previous = position->previous;
    position->previous->next = node;
    position->previous = node;
}

static inline void list_push_last(ListNode *head, ListNode *node) {
    list_insert_before(head, node);
}

static inline void list_push_first(ListNode *head, ListNode *node) {
    list_insert_before(head->next, node);
}

static inline void list_drop(ListNode *node) {
    if (node->next == NULL)
        return;
    node->next->previous = node->previous;
    node->previous->next = node->next;
    node->next = NULL;
    node->previous = NULL;
}

static inline ListNode *list_first(const ListNode *head) {
    return list_is_empty(head) ? NULL : head->next;
}

/* The node may be dropped inside the loop. */
#define LIST_FOR_EACH(node, head)                                                                  \
    for (ListNode *node = (head)->next, *node##_next = node->next; node != (head);                 \
         node = node##_next, node##_next = node->next)
