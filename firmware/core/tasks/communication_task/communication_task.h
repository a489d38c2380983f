// SPDX-License-Identifier: MIT
#pragma once

/// The task that speaks with the fleet: session, deliveries, status messages, commands.
///
/// It never waits for the network. For the journal it waits only where it must: while a disk hangs
/// under another task's append, commands are still taken and status is still told. It touches no
/// relay: commands go to the button task's mailbox, and what the button task answers goes out at
/// once.
///
///   commands ──► history ──► mailbox ──► button task
///                   ▲                        │
///   command_result ─┴── relay_status ◄───────┘
///   journal ──► delivery ──► batch ──► broker ──► ack ──► delivery ──► journal

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attester.h"
#include "back_off.h"
#include "batch.h"
#include "button_task.h"
#include "clock.h"
#include "command_history.h"
#include "crypto.h"
#include "delivery.h"
#include "entropy.h"
#include "journal.h"
#include "link_state.h"
#include "lock.h"
#include "metering_mailbox.h"
#include "mqtt_session.h"
#include "payloads.h"
#include "relay_mailbox.h"
#include "settings.h"
#include "timekeeper.h"
#include "topics.h"

enum {
    COMMUNICATION_BATCH_SIZE = (OHM_SMALL_METER ? 4 : 16) * 1024, ///< Largest batch that is sent.
    COMMUNICATION_RECORDS = OHM_SMALL_METER ? 8 : 24, ///< Most in one batch, at 832 bytes each.
    COMMUNICATION_CONNECT_MS = 20000,                 ///< Longest wait for a session to come up.
    COMMUNICATION_LEAVE_MS = 3000,                    ///< Longest farewell.
    COMMUNICATION_LEASE_LIMIT_S = 120,
    COMMUNICATION_REPORT_SIZE = 704, ///< {"report":"…"} of ATTESTER_MESSAGE_LIMIT bytes.
};

/// What the task has to tell a log. `text` is valid during the call.
enum communication_notice {
    COMMUNICATION_ONLINE,
    COMMUNICATION_OFFLINE,     ///< `text` says why.
    COMMUNICATION_BAD_MESSAGE, ///< Something came that is not understood; `text` says what.
    COMMUNICATION_BAD_ACK,     ///< An acknowledgement that is not believed.
    COMMUNICATION_STORAGE,     ///< The journal failed.
};

/// What a command asks of the device as a whole.
enum communication_wish { COMMUNICATION_NO_WISH, COMMUNICATION_RESTART, COMMUNICATION_RESET_WIFI };

struct communication_counters {
    uint32_t sessions;
    uint32_t batches;
    uint32_t bad_messages; ///< Not JSON, too large, unknown, retained.
    uint32_t bad_acks;     ///< For another journal, or above what was sent.
    uint32_t commands;
    uint32_t repeated_commands;
};

/// What the task works with. All of it outlives the task.
struct communication_parts {
    const struct settings *settings;
    const struct clock *clock;
    const struct entropy *entropy;
    const struct mqtt_session *session;
    const struct lock *journal_lock; ///< Guards `journal`, which another task appends to.
    struct journal *journal;
    struct relay_mailbox *mailbox;     ///< This task's own.
    struct metering_mailbox *metering; ///< NULL: the device cannot be calibrated.
    struct button_task *button;
    const struct crypto *crypto; ///< Checks signatures; NULL: no signed command is believed.
    const uint8_t *command_key;  ///< The fleet's, of CRYPTO_P256_PUBLIC_SIZE bytes; NULL: as above.
    const struct attester *attester; ///< NULL: the device cannot report on itself.
    const char *version;
    uint32_t boot_id;

    /// Fills in what only the whole device knows: memory and which tasks run.
    void (*describe)(void *ctx, struct system_status_payload *status);

    /// Which rhythm the light shows with a session and without.
    enum status_led_pattern (*pattern)(void *ctx, bool online);
    void (*notice)(void *ctx, enum communication_notice notice, const char *text);
    void *ctx;
};

/// Storage for one task, owned by the caller. Use it only through the functions below.
struct communication_task {
    struct communication_parts parts;
    struct topics topics;
    struct back_off back_off;
    struct timekeeper timekeeper;
    struct delivery delivery;
    struct command_history history;
    struct communication_counters counters;
    enum link_state link;
    uint64_t link_us; ///< When the present state of the link began, or when its wait ends.
    struct mqtt_will will;
    char will_topic[TOPICS_NAME_SIZE];
    char journal_id[2 * JOURNAL_ID_SIZE + 1];

    uint64_t data_us; ///< When each of these is due next.
    uint64_t realtime_us;
    uint64_t relay_status_us;
    uint64_t system_status_us;
    uint64_t lease_end_us;
    uint64_t observe_us;
    bool relay_status_due;
    bool system_status_due;
    uint32_t packet_id;

    uint32_t requests_under_way;
    bool metering_under_way; ///< A request was posted, and its answer has not been seen.
    bool metering_answered;  ///< It was seen, and not yet published.
    uint32_t attested;       ///< The ticket of the report in `report`, if `has_report`.
    bool has_report;
    char report[COMMUNICATION_REPORT_SIZE];
    struct tamper_view tamper; ///< As last seen.
    uint32_t relay_changes;
    uint64_t relay_changed_us;
    uint64_t release_watermark; ///< Believed, and not yet told to the journal; 0 is none.
    struct anchor server_time;  ///< From the last acknowledgement.
    bool server_time_due;       ///< `server_time` has not been looked at yet.
    int farewell_id;
    bool farewell_sent;
    bool farewell_taken;
    bool leave_wanted;
    enum communication_wish wish;

    uint64_t journal_oldest; ///< As last seen under the lock.
    uint64_t journal_next;
    bool has_reading;
    struct reading reading;
    struct record records[COMMUNICATION_RECORDS];
    uint8_t batch[COMMUNICATION_BATCH_SIZE];
    char text[PAYLOADS_SIZE_LIMIT];
};

/// Binds the task. The journal is open; no other task runs yet.
///
/// @return STATUS_INVALID  device id and root make no topic.
MUST_CHECK enum status communication_task_init(struct communication_task *task,
                                               const struct communication_parts *parts);

/// Does what is due now. @return how long the task may sleep when nothing arrives, in milliseconds.
uint32_t communication_task_step(struct communication_task *task);

/// What sessions depend on has changed, such as the certificate: the next one is sought at once.
void communication_task_hurry(struct communication_task *task);

/// Begins to leave: sends what the journal holds, says offline, and disconnects.
void communication_task_leave(struct communication_task *task);

/// The task has left; stepping on changes nothing.
bool communication_task_has_left(const struct communication_task *task);

/// The journal held nothing unacknowledged when the task last looked.
bool communication_task_is_delivered(const struct communication_task *task);

/// Takes what a command asked of the device as a whole.
enum communication_wish communication_task_take_wish(struct communication_task *task);
