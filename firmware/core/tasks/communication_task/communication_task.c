// SPDX-License-Identifier: MIT
#include "communication_task.h"

#include "communication_downlink.h"
#include "communication_uplink.h"

enum {
    US_PER_MS = 1000,
    IDLE_MS = 20,
    BUSY_MS = 1, ///< While an answer of the button task or room in the queue is awaited.
};

static void write_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
    out[2 * size] = '\0';
}

/// Moves the link on and does what the new state begins with.
static void follow(struct communication_task *task, enum link_event event, uint64_t now_us)
{
    const enum link_state before = task->link;
    const struct mqtt_session *session = task->parts.session;

    task->link = link_next(before, event);
    if (task->link == before) {
        return;
    }
    task->link_us = now_us;
    switch (task->link) {
    case LINK_WAITING:
        if (event == LINK_EVENT_LATE) {
            session->disconnect(session->ctx);
        }
        task->link_us = now_us + (uint64_t)back_off_fail(&task->back_off) * US_PER_MS;
        break;
    case LINK_CONNECTING:
        if (session->connect(session->ctx, &task->will) != STATUS_OK) {
            follow(task, LINK_EVENT_LOST, now_us);
        }
        break;
    case LINK_ONLINE:
        back_off_succeed(&task->back_off);
        task->counters.sessions++;
        communication_uplink_begin(task, now_us);
        task->parts.notice(task->parts.ctx, COMMUNICATION_ONLINE, "");
        // A session that takes no subscription is about to end; its end is an event of its own.
        (void)!communication_downlink_subscribe(task);
        break;
    case LINK_LEAVING:
        delivery_flush(&task->delivery, task->journal_next);
        break;
    case LINK_OFF:
        session->disconnect(session->ctx);
        break;
    }
}

static void take_event(struct communication_task *task, const struct mqtt_event *event,
                       uint64_t now_us)
{
    switch (event->kind) {
    case MQTT_SESSION_CONNECTED:
        follow(task, LINK_EVENT_UP, now_us);
        break;
    case MQTT_SESSION_DISCONNECTED:
        if (task->link != LINK_OFF) {
            task->parts.notice(task->parts.ctx, COMMUNICATION_OFFLINE, event->reason);
        }
        follow(task, LINK_EVENT_LOST, now_us);
        break;
    case MQTT_SESSION_MESSAGE:
        communication_downlink_take(task, event, now_us);
        break;
    case MQTT_SESSION_PUBLISHED:
        task->farewell_taken |= task->farewell_sent && event->message_id == task->farewell_id;
        break;
    }
}

/// Finds out whether time alone moves the link.
static void mind_link(struct communication_task *task, uint64_t now_us)
{
    const uint64_t connect_us = (uint64_t)COMMUNICATION_CONNECT_MS * US_PER_MS;
    const uint64_t leave_us = (uint64_t)COMMUNICATION_LEAVE_MS * US_PER_MS;

    if (task->leave_wanted && task->link != LINK_LEAVING) {
        follow(task, LINK_EVENT_LEAVE, now_us);
    }
    if (task->link == LINK_WAITING && now_us >= task->link_us) {
        follow(task, LINK_EVENT_DUE, now_us);
    } else if (task->link == LINK_CONNECTING && now_us - task->link_us >= connect_us) {
        task->parts.notice(task->parts.ctx, COMMUNICATION_OFFLINE,
                           "the broker did not answer in time");
        follow(task, LINK_EVENT_LATE, now_us);
    } else if (task->link == LINK_LEAVING) {
        const bool late = now_us - task->link_us >= leave_us;
        if (!task->farewell_sent && (late || communication_task_is_delivered(task))) {
            communication_uplink_say_offline(task);
        }
        if (task->farewell_taken) {
            follow(task, LINK_EVENT_SPOKEN, now_us);
        } else if (now_us - task->link_us >= leave_us + leave_us / 2) {
            follow(task, LINK_EVENT_LATE, now_us);
        }
    }
}

enum status communication_task_init(struct communication_task *task,
                                    const struct communication_parts *parts)
{
    const struct settings *settings = parts->settings;
    const uint64_t now_us = parts->clock->uptime_us(parts->clock->ctx);

    *task = (struct communication_task){ .parts = *parts, .link_us = now_us };
    const enum status status =
        topics_init(&task->topics, settings->root_topic, settings->device_id);
    if (status != STATUS_OK) {
        return status;
    }
    topics_name(&task->topics, TOPIC_SYSTEM_STATUS, task->will_topic);
    task->will = (struct mqtt_will){ .topic = task->will_topic,
                                     .payload = payloads_offline(),
                                     .retain = true };
    write_hex(journal_id(parts->journal), JOURNAL_ID_SIZE, task->journal_id);
    task->journal_oldest = journal_oldest_seq(parts->journal);
    task->journal_next = journal_next_seq(parts->journal);
    timekeeper_init(&task->timekeeper);
    command_history_init(&task->history);
    const uint32_t batch_limit = settings->batch_records < COMMUNICATION_RECORDS
                                     ? settings->batch_records
                                     : (uint32_t)COMMUNICATION_RECORDS;
    delivery_init(&task->delivery, task->journal_next, settings->upload_ms, settings->resend_ms,
                  batch_limit);
    back_off_init(&task->back_off, parts->entropy, settings->reconnect_ms,
                  settings->reconnect_limit_ms);
    return STATUS_OK;
}

uint32_t communication_task_step(struct communication_task *task)
{
    const struct mqtt_session *session = task->parts.session;
    const uint64_t now_us = task->parts.clock->uptime_us(task->parts.clock->ctx);
    struct mqtt_event event;

    while (session->next_event(session->ctx, &event) == STATUS_OK) {
        take_event(task, &event, now_us);
    }
    communication_uplink_take_results(task, now_us);
    communication_uplink_mind_journal(task, now_us);
    mind_link(task, now_us);
    if (task->link == LINK_ONLINE || task->link == LINK_LEAVING) {
        communication_uplink_publish(task, now_us);
    }
    button_task_show(task->parts.button,
                     task->parts.pattern(task->parts.ctx, task->link == LINK_ONLINE));
    return task->requests_under_way > 0 || task->metering_under_way ? BUSY_MS : IDLE_MS;
}

void communication_task_hurry(struct communication_task *task)
{
    back_off_succeed(&task->back_off);
    if (task->link == LINK_WAITING) {
        task->link_us = 0;
    }
}

void communication_task_leave(struct communication_task *task)
{
    task->leave_wanted = true;
}

bool communication_task_has_left(const struct communication_task *task)
{
    return task->link == LINK_OFF;
}

bool communication_task_is_delivered(const struct communication_task *task)
{
    return task->journal_oldest == task->journal_next && task->release_watermark == 0;
}

enum communication_wish communication_task_take_wish(struct communication_task *task)
{
    const enum communication_wish wish = task->wish;
    task->wish = COMMUNICATION_NO_WISH;
    return wish;
}
