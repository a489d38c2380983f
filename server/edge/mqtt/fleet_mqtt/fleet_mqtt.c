// SPDX-License-Identifier: MIT
#include "fleet_mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_identity.h"
#include "fleet_inbox.h"
#include "fleet_payloads.h"
#include "fleet_topics.h"
#include "openssl_crypto.h"
#include "outbox.h"
#include "packet_reader.h"
#include "signed_command.h"

enum {
    KEEPALIVE_S = 30,
    BACKOFF_MIN_MS = 250,
    BACKOFF_MAX_MS = 8000,
    MISC_MS = 1000,
    FULL_WAIT_MS = 5,  ///< While the intake has no room.
    ACK_ROUND_MS = 20, ///< Acknowledgements are looked over no more often.
    COMPLAINT_SIZE = 160,
    CAUSE_SIZE = 256,
};

struct fleet_mqtt {
    struct fleet_mqtt_options options;
    struct mosquitto *mosquitto;
    struct packet_reader reader;
    struct outbox *outbox;
    struct fleet_inbox inbox;
    struct device_link link;
    struct intake_sink sink;
    atomic_bool connected;
    atomic_bool stopping;
    unsigned backoff_ms;
    uint64_t misc_ms;
    uint64_t acks_due_ms;
    char complaint[COMPLAINT_SIZE]; ///< What libmosquitto last called an error.
    pthread_mutex_t cause_lock;
    char cause[CAUSE_SIZE]; ///< Why there is no connection; guarded by the lock.
};

static uint64_t now_ms(const struct fleet_mqtt *mqtt)
{
    return mqtt->options.fleet_host->monotonic_ms(mqtt->options.fleet_host->ctx);
}

static void count(const struct fleet_mqtt *mqtt, enum fleet_counter counter)
{
    fleet_counters_add(mqtt->options.counters, counter, 1);
}

static void on_message(struct mosquitto *mosquitto, void *ctx,
                       const struct mosquitto_message *message)
{
    (void)mosquitto;
    struct fleet_mqtt *mqtt = ctx;
    fleet_inbox_take(&mqtt->inbox, message);
    errno = 0; // It tells the reader of packets about the socket.
}

static void subscribe(struct fleet_mqtt *mqtt, const char *prefix)
{
    for (int i = 0; i < FLEET_TOPIC_COUNT; i++) {
        char topic[FLEET_TOPIC_SIZE];
        (void)snprintf(topic, sizeof topic, "%s%s", prefix, fleet_topic_word((enum fleet_topic)i));
        // The watermark acknowledges a batch from end to end; an acknowledgement of this hop would
        // prove nothing and cost the broker half as much again.
        const int qos = i == FLEET_TOPIC_REALTIME || i == FLEET_TOPIC_BATCH ? 0 : 1;
        const int code = mosquitto_subscribe(mqtt->mosquitto, NULL, topic, qos);
        if (code != MOSQ_ERR_SUCCESS) {
            fleet_log_line(mqtt->options.log, FLEET_LOG_ERROR, "broker: cannot subscribe to %s: %s",
                           topic, mosquitto_strerror(code));
        }
    }
}

static void on_connect(struct mosquitto *mosquitto, void *ctx, int reason)
{
    (void)mosquitto;
    struct fleet_mqtt *mqtt = ctx;
    if (reason != 0) {
        fleet_log_line(mqtt->options.log, FLEET_LOG_ERROR, "broker: refused the connection: %s",
                       mosquitto_connack_string(reason));
        return;
    }
    mqtt->backoff_ms = BACKOFF_MIN_MS;
    subscribe(mqtt, "energy_meter/+/");
    if (mqtt->options.lab_device != NULL) {
        subscribe(mqtt, "energy_meter/");
    }
    atomic_store(&mqtt->connected, true);
    fleet_log_line(mqtt->options.log, FLEET_LOG_INFO, "broker: connected to %s:%d",
                   mqtt->options.host, mqtt->options.port);
}

static void on_subscribe(struct mosquitto *mosquitto, void *ctx, int mid, int granted_count,
                         const int *granted)
{
    (void)mosquitto, (void)mid;
    const struct fleet_mqtt *mqtt = ctx;
    for (int i = 0; i < granted_count; i++) {
        if (granted[i] >= 128) {
            fleet_log_line(mqtt->options.log, FLEET_LOG_ERROR,
                           "broker: its topic rights refuse a subscription");
        }
    }
}

static void publish(struct fleet_mqtt *mqtt, const char *topic, const char *payload, size_t size,
                    int qos)
{
    const int code =
        mosquitto_publish(mqtt->mosquitto, NULL, topic, (int)size, payload, qos, false);
    if (code != MOSQ_ERR_SUCCESS && code != MOSQ_ERR_NO_CONN) {
        fleet_log_line(mqtt->options.log, FLEET_LOG_WARNING, "broker: cannot publish to %s: %s",
                       topic, mosquitto_strerror(code));
    }
}

static void send_outbox(struct fleet_mqtt *mqtt)
{
    struct outbox_message message;
    outbox_drain(mqtt->outbox);
    while (atomic_load(&mqtt->connected) && outbox_take(mqtt->outbox, &message)) {
        publish(mqtt, message.topic, message.payload, message.size, message.qos);
    }
}

static void send_acks(struct fleet_mqtt *mqtt)
{
    const struct fleet_host *host = mqtt->options.fleet_host;
    const uint64_t now = now_ms(mqtt);
    struct device_ack ack;
    uint64_t wait_ms = UINT64_MAX;
    size_t cursor = 0;
    while (device_traffic_take_ack(mqtt->inbox.traffic, now, &cursor, &ack, &wait_ms)) {
        char topic[FLEET_TOPIC_SIZE];
        char payload[PAYLOAD_ACK_SIZE];
        fleet_topic_down(ack.device_id, mqtt->options.lab_device, "ack", topic);
        const size_t size =
            payload_write_ack(ack.journal_id, ack.watermark, host->utc_ms(host->ctx), payload);
        // Cumulative and repeated, so nothing is lost with one; and libmosquitto walks over all of
        // its QoS 1 messages in flight for each new one, which a thousand devices would feel.
        publish(mqtt, topic, payload, size, 0);
        count(mqtt, FLEET_COUNTER_ACKS_PUBLISHED);
    }
    mqtt->acks_due_ms = now + (wait_ms > MISC_MS        ? MISC_MS
                               : wait_ms < ACK_ROUND_MS ? ACK_ROUND_MS
                                                        : wait_ms);
}

static int poll_timeout(const struct fleet_mqtt *mqtt, bool has_room)
{
    const uint64_t misc_due_ms = mqtt->misc_ms + MISC_MS;
    const uint64_t due_ms = mqtt->acks_due_ms < misc_due_ms ? mqtt->acks_due_ms : misc_due_ms;
    const uint64_t now = now_ms(mqtt);
    const uint64_t wait_ms = due_ms > now ? due_ms - now : 0;
    return !has_room && wait_ms > FULL_WAIT_MS ? FULL_WAIT_MS : (int)wait_ms;
}

/// Works on a connection. @return why it ended, a mosquitto code.
static int serve(struct fleet_mqtt *mqtt)
{
    int code = MOSQ_ERR_SUCCESS;
    while (code == MOSQ_ERR_SUCCESS && !atomic_load(&mqtt->stopping)) {
        if (now_ms(mqtt) >= mqtt->acks_due_ms && atomic_load(&mqtt->connected)) {
            send_acks(mqtt);
        }
        packet_reader_pause(&mqtt->reader, outbox_descriptor(mqtt->outbox));
        const bool has_room = intake_has_room(mqtt->inbox.intake, BATCH_SIZE_LIMIT);
        struct pollfd wait[2] = {
            { .fd = mosquitto_socket(mqtt->mosquitto),
              .events = (short)((has_room ? POLLIN : 0) |
                                (mosquitto_want_write(mqtt->mosquitto) ? POLLOUT : 0)) },
            { .fd = outbox_descriptor(mqtt->outbox), .events = POLLIN },
        };
        if (wait[0].fd < 0) {
            return MOSQ_ERR_CONN_LOST;
        }
        const bool held = has_room && packet_reader_holds(&mqtt->reader);
        (void)poll(wait, 2, held ? 0 : poll_timeout(mqtt, has_room));
        if (has_room && (held || (wait[0].revents & (POLLIN | POLLERR | POLLHUP)) != 0)) {
            code = packet_reader_read(&mqtt->reader, mqtt->inbox.intake);
        }
        if (code == MOSQ_ERR_SUCCESS && (wait[0].revents & POLLOUT) != 0) {
            code = mosquitto_loop_write(mqtt->mosquitto, 1);
            mqtt->reader.starved = false; // It may have been the full socket that ended a round.
        }
        if ((wait[1].revents & POLLIN) != 0) {
            send_outbox(mqtt);
            // The first acknowledgement that waits woke us; a round gathers more of them.
            const uint64_t round_ms = now_ms(mqtt) + ACK_ROUND_MS;
            mqtt->acks_due_ms = mqtt->acks_due_ms < round_ms ? mqtt->acks_due_ms : round_ms;
        }
        if (code == MOSQ_ERR_SUCCESS && now_ms(mqtt) - mqtt->misc_ms >= MISC_MS) {
            mqtt->misc_ms = now_ms(mqtt);
            code = mosquitto_loop_misc(mqtt->mosquitto);
        }
    }
    return code;
}

/// Waits before the next attempt, longer each time, with jitter so that servers do not march in
/// step.
static void back_off(struct fleet_mqtt *mqtt)
{
    uint8_t random;
    mqtt->options.fleet_host->fill_random(mqtt->options.fleet_host->ctx, &random, 1);
    const uint64_t until_ms =
        now_ms(mqtt) + mqtt->backoff_ms / 2 + mqtt->backoff_ms / 2u * random / 255u;
    mqtt->backoff_ms =
        mqtt->backoff_ms * 2 < BACKOFF_MAX_MS ? mqtt->backoff_ms * 2 : BACKOFF_MAX_MS;
    uint64_t now;
    while (!atomic_load(&mqtt->stopping) && (now = now_ms(mqtt)) < until_ms) {
        struct pollfd wait = { .fd = outbox_descriptor(mqtt->outbox), .events = POLLIN };
        (void)poll(&wait, 1, (int)(until_ms - now));
        outbox_drain(mqtt->outbox);
    }
}

static void on_log(struct mosquitto *mosquitto, void *ctx, int level, const char *text)
{
    (void)mosquitto;
    struct fleet_mqtt *mqtt = ctx;
    // The first complaint names the cause, those after it follow from it.
    if (level == MOSQ_LOG_ERR && mqtt->complaint[0] == '\0') {
        (void)snprintf(mqtt->complaint, sizeof mqtt->complaint, "%.150s", text);
    }
}

/// What a person can do about it.
static const char *advice(int code, int system_error, const char *complaint)
{
    if (strstr(complaint, "host name") != NULL) {
        return "; broker_host must be a name in the broker's certificate";
    }
    if (strstr(complaint, "verify failed") != NULL) {
        return "; is the broker's certificate from the authority in broker_ca_file, and has it "
               "not expired?";
    }
    if (code == MOSQ_ERR_EAI) {
        return "; is broker_host right?";
    }
    return code == MOSQ_ERR_ERRNO && system_error == ECONNREFUSED
               ? "; is the broker running, and is broker_port its port?"
               : "";
}

static void say_lost(struct fleet_mqtt *mqtt, int code, bool was_connected)
{
    const int system_error = errno;
    char cause[CAUSE_SIZE];
    // An error of the system says more than "lost"; while the broker is away, one line is enough.
    const char *what = code == MOSQ_ERR_ERRNO ? strerror(system_error) : mosquitto_strerror(code);
    (void)snprintf(cause, sizeof cause, "%.60s%s%s%.100s", what,
                   mqtt->complaint[0] != '\0' ? ": " : "", mqtt->complaint,
                   advice(code, system_error, mqtt->complaint));
    mqtt->complaint[0] = '\0';
    (void)pthread_mutex_lock(&mqtt->cause_lock);
    memcpy(mqtt->cause, cause, sizeof cause);
    (void)pthread_mutex_unlock(&mqtt->cause_lock);
    if (was_connected) {
        count(mqtt, FLEET_COUNTER_BROKER_DISCONNECTS);
    }
    if (was_connected || mqtt->backoff_ms == BACKOFF_MIN_MS) {
        fleet_log_line(mqtt->options.log, FLEET_LOG_WARNING, "broker: %s %s:%d: %s; trying again",
                       was_connected ? "lost" : "cannot reach", mqtt->options.host,
                       mqtt->options.port, cause);
    }
}

void fleet_mqtt_run(struct fleet_mqtt *mqtt, struct device_registry *devices,
                    struct command_tracker *commands, struct intake *intake)
{
    mqtt->inbox.devices = devices;
    mqtt->inbox.commands = commands;
    mqtt->inbox.intake = intake;
    while (!atomic_load(&mqtt->stopping)) {
        int code =
            mosquitto_connect(mqtt->mosquitto, mqtt->options.host, mqtt->options.port, KEEPALIVE_S);
        mqtt->misc_ms = now_ms(mqtt);
        if (code == MOSQ_ERR_SUCCESS) {
            packet_reader_attach(&mqtt->reader, mqtt->mosquitto);
            code = serve(mqtt);
        }
        if (atomic_load(&mqtt->stopping)) {
            break;
        }
        say_lost(mqtt, code, atomic_exchange(&mqtt->connected, false));
        back_off(mqtt);
    }
    if (atomic_exchange(&mqtt->connected, false)) {
        send_acks(mqtt);
        (void)mosquitto_disconnect(mqtt->mosquitto);
    }
}

void fleet_mqtt_stop(struct fleet_mqtt *mqtt)
{
    atomic_store(&mqtt->stopping, true);
    outbox_wake(mqtt->outbox);
}

bool fleet_mqtt_is_connected(struct fleet_mqtt *mqtt, char *reason, size_t size)
{
    if (atomic_load(&mqtt->connected)) {
        return true;
    }
    (void)pthread_mutex_lock(&mqtt->cause_lock);
    (void)snprintf(reason, size, "the broker is not connected: %s", mqtt->cause);
    (void)pthread_mutex_unlock(&mqtt->cause_lock);
    return false;
}

/// Adds the fleet's signature where there is one to be had.
static enum status sign(const struct fleet_mqtt *mqtt, struct outbox_message *message)
{
    const struct command_signer *signer = mqtt->options.signer;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
    if (signer == NULL) {
        return STATUS_OK;
    }
    const struct crypto crypto = openssl_crypto();
    enum status status = signed_command_digest(&crypto, message->payload, message->size, digest);
    if (status == STATUS_OK) {
        status = signer->sign(signer->ctx, digest, signature);
    }
    if (status == STATUS_OK) {
        status = signed_command_append(message->payload, &message->size, sizeof message->payload,
                                       signature);
    }
    return status;
}

static enum status send_command(void *ctx, const char *device_id, const char *cmd_id,
                                const struct relay_command *command, int64_t issued_s,
                                int64_t expires_s)
{
    struct fleet_mqtt *mqtt = ctx;
    struct outbox_message message = { .qos = 1 };
    if (!atomic_load(&mqtt->connected)) {
        return STATUS_IO;
    }
    fleet_topic_down(device_id, mqtt->options.lab_device, "command", message.topic);
    message.size =
        payload_write_command(device_id, cmd_id, command, issued_s, expires_s, message.payload);
    const enum status status = sign(mqtt, &message);
    return status == STATUS_OK ? outbox_put(mqtt->outbox, &message) : status;
}

static enum status send_lease(void *ctx, const char *device_id, unsigned realtime_s)
{
    enum { LEASE_LIMIT_S = 120 };
    struct fleet_mqtt *mqtt = ctx;
    struct outbox_message message = { .qos = 0 };
    if (!atomic_load(&mqtt->connected)) {
        return STATUS_IO;
    }
    fleet_topic_down(device_id, mqtt->options.lab_device, "lease", message.topic);
    const int size = snprintf(message.payload, sizeof message.payload, "{\"realtime_s\":%u}",
                              realtime_s < LEASE_LIMIT_S ? realtime_s : LEASE_LIMIT_S);
    message.size = size > 0 ? (size_t)size : 0;
    return outbox_put(mqtt->outbox, &message);
}

static void ask_relays(void *ctx, const char *device_id)
{
    struct fleet_mqtt *mqtt = ctx;
    struct outbox_message message = { .payload = "get_relay_status", .qos = 1 };
    fleet_topic_down(device_id, mqtt->options.lab_device, "commands", message.topic);
    message.size = strlen(message.payload);
    // With a full outbox the device is asked later, or tells by itself.
    const enum status status = outbox_put(mqtt->outbox, &message);
    (void)status;
}

static void acknowledge(void *ctx, const char *device_id, const struct ingest_outcome *outcome)
{
    struct fleet_mqtt *mqtt = ctx;
    struct device_ack ack = { .watermark = outcome->watermark };
    memcpy(ack.device_id, device_id, DEVICE_ID_SIZE);
    memcpy(ack.journal_id, outcome->journal_id, JOURNAL_ID_SIZE);
    if (device_traffic_note_ack(mqtt->inbox.traffic, &ack)) {
        outbox_wake(mqtt->outbox);
    }
}

static void note_outcome(void *ctx, const char *device_id, const struct ingest_outcome *outcome)
{
    struct fleet_mqtt *mqtt = ctx;
    char what[160];
    if (outcome->has_gap) {
        (void)snprintf(what, sizeof what, "records %llu to %llu are gone for good, by its own word",
                       (unsigned long long)outcome->gap.first_seq,
                       (unsigned long long)outcome->gap.last_seq);
    } else if (outcome->kind == INGEST_HOLE) {
        (void)snprintf(what, sizeof what, "a batch does not follow record %llu: asked for it again",
                       (unsigned long long)outcome->watermark);
    } else if (outcome->kind == INGEST_MALFORMED) {
        (void)snprintf(what, sizeof what, "its batch is malformed: refused");
    } else {
        (void)snprintf(what, sizeof what, "begins a new journal");
    }
    fleet_inbox_note(&mqtt->inbox, device_id, what);
}

static void store_changed(void *ctx, const char *reason)
{
    const struct fleet_mqtt *mqtt = ctx;
    if (reason[0] != '\0') {
        fleet_log_line(mqtt->options.log, FLEET_LOG_ERROR,
                       "%s; nothing is acknowledged until it works again", reason);
    } else {
        fleet_log_line(mqtt->options.log, FLEET_LOG_INFO, "the store works");
    }
}

static bool configure(struct fleet_mqtt *mqtt, char *error, size_t error_size)
{
    mqtt->mosquitto = mosquitto_new("ohmd", true, mqtt);
    mqtt->outbox = outbox_open();
    mqtt->inbox.traffic = device_traffic_open(mqtt->options.messages_per_s);
    if (mqtt->mosquitto == NULL || mqtt->outbox == NULL || mqtt->inbox.traffic == NULL) {
        (void)snprintf(error, error_size, "no memory for the connection to the broker");
        return false;
    }
    const int code =
        mosquitto_tls_set(mqtt->mosquitto, mqtt->options.ca_file, NULL,
                          mqtt->options.certificate_file, mqtt->options.key_file, NULL);
    if (code != MOSQ_ERR_SUCCESS) {
        (void)snprintf(error, error_size, "%s: %s", mqtt->options.certificate_file,
                       mosquitto_strerror(code));
        return false;
    }
    (void)mosquitto_max_inflight_messages_set(mqtt->mosquitto, 0);
    (void)mosquitto_int_option(mqtt->mosquitto, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_log_callback_set(mqtt->mosquitto, on_log);
    mosquitto_connect_callback_set(mqtt->mosquitto, on_connect);
    mosquitto_subscribe_callback_set(mqtt->mosquitto, on_subscribe);
    mosquitto_message_callback_set(mqtt->mosquitto, on_message);
    return true;
}

struct fleet_mqtt *fleet_mqtt_open(const struct fleet_mqtt_options *options, char *error,
                                   size_t error_size)
{
    const struct broker_identity identity = { options->ca_file, options->certificate_file,
                                              options->key_file };
    if (broker_identity_check(&identity, error, error_size) != STATUS_OK) {
        return NULL;
    }
    struct fleet_mqtt *mqtt = calloc(1, sizeof *mqtt);
    if (mqtt == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return NULL;
    }
    mqtt->options = *options;
    mqtt->inbox = (struct fleet_inbox){ .fleet_host = options->fleet_host,
                                        .log = options->log,
                                        .counters = options->counters,
                                        .lab_device = options->lab_device,
                                        .ask_relays = ask_relays,
                                        .ctx = mqtt };
    mqtt->backoff_ms = BACKOFF_MIN_MS;
    (void)pthread_mutex_init(&mqtt->cause_lock, NULL);
    (void)snprintf(mqtt->cause, sizeof mqtt->cause, "the first attempt is under way");
    mqtt->link = (struct device_link){ send_command, send_lease, mqtt };
    mqtt->sink = (struct intake_sink){ acknowledge, note_outcome, store_changed, mqtt };
    (void)mosquitto_lib_init();
    if (!configure(mqtt, error, error_size)) {
        fleet_mqtt_close(mqtt);
        return NULL;
    }
    return mqtt;
}

void fleet_mqtt_close(struct fleet_mqtt *mqtt)
{
    if (mqtt != NULL) {
        mosquitto_destroy(mqtt->mosquitto);
        outbox_close(mqtt->outbox);
        device_traffic_close(mqtt->inbox.traffic);
        (void)pthread_mutex_destroy(&mqtt->cause_lock);
        free(mqtt);
        (void)mosquitto_lib_cleanup();
    }
}

const struct device_link *fleet_mqtt_link(struct fleet_mqtt *mqtt)
{
    return &mqtt->link;
}

const struct intake_sink *fleet_mqtt_sink(struct fleet_mqtt *mqtt)
{
    return &mqtt->sink;
}
