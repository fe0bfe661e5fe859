/* Where the machine comes back to. Frame, environment and path are those of the choice again. */

#include "common/base/check.h"
#include "common/expr/value_private.h"

static Next next_element(Machine *machine, Choice *choice) {
    const Json *container = &choice->value;
    uint32_t index = (uint32_t)choice->count;
    Json key;

    if (index >= container->count) {
        machine_drop(machine, choice);
        return NEXT_BACK;
    }
    if (value_is(container, JSON_ARRAY)) {
        machine->value = container->items[index];
        key = json_number(index);
    } else {
        machine->value = container->members[index].value;
        key = json_string(container->members[index].key);
    }
    choice->count++;
    machine->path = path_down(machine, choice->path, key);
    /* The last element needs no coming back. */
    if (index + 1 == container->count)
        machine_drop(machine, choice);
    return NEXT_RETURN;
}

static Next next_number(Machine *machine, Choice *choice) {
    double number = choice->range.next, by = choice->range.by;
    bool is_within = by > 0 ? number < choice->range.end : by < 0 && number > choice->range.end;

    if (!is_within) {
        machine_drop(machine, choice);
        return NEXT_BACK;
    }
    choice->range.next = number + by;
    machine->value = json_number(number);
    return NEXT_RETURN;
}

static Next next_way(Machine *machine, Choice *choice) {
    const Node *way = choice->node->next;

    if (!choice->is_found) {
        machine_drop(machine, choice);
        return NEXT_BACK;
    }
    machine->value = choice->value;
    machine->path = NULL;
    choice->is_found = false;
    choice->node = way;
    if (way->next == NULL)
        machine_drop(machine, choice);
    machine->node = way;
    return NEXT_EVAL;
}

static Next otherwise(Machine *machine, Choice *choice) {
    bool is_found = choice->is_found;

    machine->value = choice->value;
    machine->node = choice->node->b;
    machine_drop(machine, choice);
    return is_found ? NEXT_BACK : NEXT_EVAL;
}

Next eval_choice(Machine *machine, Choice *choice) {
    switch ((ChoiceKind)choice->kind) {
    case CHOICE_END:
        return NEXT_STOP;
    case CHOICE_NODE:
        machine->value = choice->value;
        machine->node = choice->node;
        machine_drop(machine, choice);
        return NEXT_EVAL;
    case CHOICE_ITERATE:
        return next_element(machine, choice);
    case CHOICE_RANGE:
        return next_number(machine, choice);
    case CHOICE_ALTERNATIVE:
        return otherwise(machine, choice);
    case CHOICE_COLLECT:
        machine->value = json_array_done(&choice->collected);
        machine_drop(machine, choice);
        return NEXT_RETURN;
    case CHOICE_REDUCE:
        machine->value = choice->value;
        machine->path = choice->result_path;
        machine_drop(machine, choice);
        return NEXT_RETURN;
    case CHOICE_CHOOSE:
        return next_way(machine, choice);
    case CHOICE_TRY:
    case CHOICE_OUTSIDE:
    case CHOICE_MARK:
        machine_drop(machine, choice);
        return NEXT_BACK;
    }
    CHECK_UNREACHABLE();
}
