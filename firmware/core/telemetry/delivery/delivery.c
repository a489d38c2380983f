// SPDX-License-Identifier: MIT
#include "delivery.h"

enum { PATIENCE_GROWTH_LIMIT = 4 };

static void forget_in_flight_below(struct delivery *delivery, uint64_t seq)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < delivery->in_flight; i++) {
        if (delivery->in_flight_last[i] >= seq) {
            delivery->in_flight_last[kept++] = delivery->in_flight_last[i];
        }
    }
    delivery->in_flight = kept;
}

static void start_from(struct delivery *delivery, uint64_t oldest, uint64_t now_ms)
{
    delivery->next_seq = oldest;
    delivery->in_flight = 0;
    delivery->progress_ms = now_ms;
}

void delivery_init(struct delivery *delivery, uint64_t end, uint32_t upload_period_ms,
                   uint32_t resend_ms, uint32_t batch_limit)
{
    *delivery = (struct delivery){
        .sent_end = end,
        .upload_period_ms = upload_period_ms,
        .resend_ms = resend_ms,
        .patience_ms = resend_ms,
        .batch_limit = batch_limit,
    };
}

void delivery_restart(struct delivery *delivery, uint64_t oldest, uint64_t now_ms)
{
    start_from(delivery, oldest, now_ms);
    delivery->patience_ms = delivery->resend_ms;
    delivery->uploaded = false;
}

void delivery_flush(struct delivery *delivery, uint64_t end)
{
    delivery->goal_end = end;
}

bool delivery_next(struct delivery *delivery, uint64_t oldest, uint64_t end, uint64_t now_ms,
                   struct delivery_batch *batch)
{
    if (delivery->next_seq < oldest) {
        // The journal dropped records that were never acknowledged.
        delivery->next_seq = oldest;
        forget_in_flight_below(delivery, oldest);
    }
    if (delivery->in_flight > 0 && now_ms - delivery->progress_ms >= delivery->patience_ms) {
        start_from(delivery, oldest, now_ms);
        if (delivery->patience_ms < delivery->resend_ms * PATIENCE_GROWTH_LIMIT) {
            delivery->patience_ms *= 2;
        }
    }
    const bool period_over =
        !delivery->uploaded || now_ms - delivery->uploaded_ms >= delivery->upload_period_ms;
    if (period_over && delivery->next_seq < end && delivery->goal_end < end) {
        delivery->goal_end = end;
        delivery->uploaded_ms = now_ms;
        delivery->uploaded = true;
    }
    const uint64_t goal_end = delivery->goal_end < end ? delivery->goal_end : end;
    if (delivery->in_flight == DELIVERY_WINDOW || delivery->next_seq >= goal_end) {
        return false;
    }
    const uint64_t waiting = goal_end - delivery->next_seq;
    *batch = (struct delivery_batch){
        .first_seq = delivery->next_seq,
        .count = waiting < delivery->batch_limit ? (uint32_t)waiting : delivery->batch_limit,
    };
    return true;
}

void delivery_sent(struct delivery *delivery, uint64_t first_seq, uint32_t count, uint64_t now_ms)
{
    if (delivery->in_flight == 0) {
        delivery->progress_ms = now_ms;
    }
    if (delivery->in_flight < DELIVERY_WINDOW) {
        delivery->in_flight_last[delivery->in_flight++] = first_seq + count - 1;
    }
    delivery->next_seq = first_seq + count;
    if (delivery->sent_end < delivery->next_seq) {
        delivery->sent_end = delivery->next_seq;
    }
}

bool delivery_acknowledge(struct delivery *delivery, uint64_t watermark, uint64_t now_ms)
{
    if (watermark >= delivery->sent_end) {
        return false;
    }
    forget_in_flight_below(delivery, watermark + 1);
    if (delivery->acknowledged_end <= watermark) {
        delivery->acknowledged_end = watermark + 1;
        delivery->progress_ms = now_ms;
        delivery->patience_ms = delivery->resend_ms;
    }
    if (delivery->next_seq <= watermark) {
        delivery->next_seq = watermark + 1;
    }
    return true;
}
