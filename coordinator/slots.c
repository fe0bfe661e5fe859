/* Executions in a lane's memory. */

#include "coordinator/slots.h"

#include "common/base/alloc.h"
#include "common/base/check.h"

void slots_init(Slots *slots, size_t bytes_max, Plans *plans) {
    *slots = (Slots){.bytes_max = bytes_max, .plans = plans};
    map_init(&slots->slots, 0);
    list_init(&slots->rest);
    list_init(&slots->flights);
}

void slots_done(Slots *slots) {
    slots_drop_part(slots, -1);
    map_done(&slots->slots);
}

Slot *slots_find(const Slots *slots, ExecutionId id) {
    return map_find(&slots->slots, uuid_bytes(&id.uuid));
}

Slot *slots_add(Slots *slots, const SlotOrigin *origin) {
    Slot *slot = alloc_zero(sizeof *slot);

    slot->id = origin->id;
    slot->tenant = origin->tenant;
    slot->part = origin->part;
    slot->vars_rev = origin->vars_rev;
    slot->version = origin->version;
    slot->exec = origin->exec;
    slot->traceparent = str_dup(origin->traceparent);
    slot->parked = alloc_zero(exec_plan(origin->exec)->node_count / 8 + 1);
    list_init(&slot->flights);
    CHECK(map_set(&slots->slots, uuid_bytes(&origin->id.uuid), slot) == NULL);
    list_push_last(&slots->rest, &slot->rest);
    slots_touch(slots, slot);
    return slot;
}

void slots_drop(Slots *slots, Slot *slot) {
    LIST_FOR_EACH(node, &slot->flights)
    slots_drop_flight(slots, CONTAINER_OF(node, Flight, of_slot));
    map_drop(&slots->slots, uuid_bytes(&slot->id.uuid));
    list_drop(&slot->rest);
    slots->bytes -= slot->bytes;
    exec_free(slot->exec);
    plans_give(slots->plans, slot->version);
    alloc_free(slot->traceparent);
    alloc_free(slot->parked);
    alloc_free(slot);
}

void slots_touch(Slots *slots, Slot *slot) {
    slots->bytes -= slot->bytes;
    slot->bytes = sizeof *slot + exec_bytes(slot->exec);
    slots->bytes += slot->bytes;
    list_drop(&slot->rest);
    list_push_last(&slots->rest, &slot->rest);
}

void slots_trim(Slots *slots, uint64_t batch) {
    LIST_FOR_EACH(node, &slots->rest) {
        Slot *slot = CONTAINER_OF(node, Slot, rest);

        if (slots->bytes <= slots->bytes_max)
            return;
        if (slot->batch != batch && list_is_empty(&slot->flights))
            slots_drop(slots, slot);
    }
}

void slots_drop_part(Slots *slots, int32_t part) {
    LIST_FOR_EACH(node, &slots->rest) {
        Slot *slot = CONTAINER_OF(node, Slot, rest);

        if (part < 0 || slot->part == part)
            slots_drop(slots, slot);
    }
}

bool slot_is_parked(const Slot *slot, uint32_t node) {
    return (slot->parked[node / 8] >> (node % 8) & 1) != 0;
}

void slot_set_parked(Slot *slot, uint32_t node, bool is_parked) {
    uint8_t bit = (uint8_t)(1u << (node % 8));

    if (is_parked)
        slot->parked[node / 8] |= bit;
    else
        slot->parked[node / 8] &= (uint8_t)~bit;
}

Flight *slot_find_flight(Slot *slot, uint32_t node) {
    LIST_FOR_EACH(place, &slot->flights) {
        Flight *flight = CONTAINER_OF(place, Flight, of_slot);

        if (flight->node == node)
            return flight;
    }
    return NULL;
}

Flight *slots_add_flight(Slots *slots, Slot *slot, uint32_t node) {
    Flight *flight = alloc_zero(sizeof *flight);

    flight->execution = slot->id;
    flight->node = node;
    flight->topic = -1;
    flight->offset = -1;
    list_push_last(&slot->flights, &flight->of_slot);
    list_push_last(&slots->flights, &flight->of_lane);
    slots->flight_count++;
    return flight;
}

void slots_drop_flight(Slots *slots, Flight *flight) {
    list_drop(&flight->of_slot);
    list_drop(&flight->of_lane);
    slots->flight_count--;
    alloc_free(flight);
}
