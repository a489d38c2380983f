// SPDX-License-Identifier: MIT
#include "broker_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_event.h"
#include "freertos/task.h"
#include "mqtt_client.h"

/// esp-mqtt's result when its outbox has no room.
static const int OUTBOX_IS_FULL = -2;

enum { SEE_OFF_STACK = 3072, GO_MS = 100 };

static void take_lock(struct broker_session *session)
{
    (void)xSemaphoreTake(session->lock, portMAX_DELAY);
}

static void give_lock(struct broker_session *session)
{
    (void)xSemaphoreGive(session->lock);
}

void broker_session_wake(struct broker_session *session)
{
    (void)xSemaphoreGive(session->happened);
}

void broker_session_wait(struct broker_session *session, uint32_t timeout_ms)
{
    (void)xSemaphoreTake(session->happened, pdMS_TO_TICKS(timeout_ms));
}

/// Notes what `client` tells. @return false  there is no room, or it was dropped: so is the note.
static bool put_note(struct broker_session *session, const void *client,
                     const struct broker_session_note *note)
{
    take_lock(session);
    const bool is_message = note->kind == MQTT_SESSION_MESSAGE;
    const bool has_room = client == session->client && session->count < BROKER_SESSION_EVENTS &&
                          (!is_message || session->messages < BROKER_SESSION_MESSAGES);
    if (has_room) {
        session->notes[session->count++] = *note;
        session->messages += is_message ? 1 : 0;
        session->is_up = session->is_up || note->kind == MQTT_SESSION_CONNECTED;
    } else {
        session->dropped += is_message ? 1 : 0;
    }
    give_lock(session);
    broker_session_wake(session);
    return has_room;
}

static void put_message(struct broker_session *session, const esp_mqtt_event_t *event)
{
    const size_t topic_size = (size_t)event->topic_len;
    const size_t size = (size_t)event->data_len;
    struct broker_session_note note = { .kind = MQTT_SESSION_MESSAGE,
                                        .retained = event->retain,
                                        .payload_size = size };

    // A message in pieces is longer than any that a device is sent.
    if (event->data_len != event->total_data_len || topic_size >= BROKER_SESSION_TOPIC) {
        session->dropped++;
        return;
    }
    note.topic = malloc(topic_size + 1 + size);
    if (note.topic == NULL) {
        session->dropped++;
        return;
    }
    memcpy(note.topic, event->topic, topic_size);
    note.topic[topic_size] = '\0';
    note.payload = (uint8_t *)note.topic + topic_size + 1;
    if (size > 0) {
        memcpy(note.payload, event->data, size);
    }
    if (!put_note(session, event->client, &note)) {
        free(note.topic);
    }
}

/// Notes what esp-mqtt calls an error; that the session is over comes as another event.
static void complain(struct broker_session *session, const esp_mqtt_error_codes_t *error)
{
    char *text = session->complaint;

    if (error->error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
        (void)snprintf(text, BROKER_SESSION_REASON, "the broker refuses this device (code %d)",
                       (int)error->connect_return_code);
    } else if (error->esp_tls_cert_verify_flags != 0) {
        (void)snprintf(text, BROKER_SESSION_REASON,
                       "the broker is not who it should be (flags 0x%x): is its certificate of "
                       "our authority, and is this its name?",
                       (unsigned)error->esp_tls_cert_verify_flags);
    } else if (error->esp_tls_stack_err != 0) {
        (void)snprintf(text, BROKER_SESSION_REASON, "TLS with the broker failed (-0x%04x)",
                       (unsigned)error->esp_tls_stack_err);
    } else if (error->esp_transport_sock_errno != 0) {
        (void)snprintf(text, BROKER_SESSION_REASON, "%s",
                       strerror(error->esp_transport_sock_errno));
    } else {
        (void)snprintf(text, BROKER_SESSION_REASON, "%s",
                       esp_err_to_name(error->esp_tls_last_esp_err));
    }
}

/// Tells of the end of `client` once, behind all that came before it.
static void end(struct broker_session *session, const void *client, const char *reason)
{
    take_lock(session);
    if (client == session->client && !session->is_over) {
        session->has_ended = true;
        session->is_up = false;
        session->is_over = true;
        (void)snprintf(session->reason, sizeof session->reason, "%s", reason);
    }
    give_lock(session);
    broker_session_wake(session);
}

/// In esp-mqtt's task.
static void on_event(void *ctx, esp_event_base_t base, int32_t id, void *data)
{
    struct broker_session *session = ctx;
    const esp_mqtt_event_t *event = data;
    (void)base;
    switch ((esp_mqtt_event_id_t)id) {
    case MQTT_EVENT_CONNECTED:
        (void)put_note(session, event->client,
                       &(struct broker_session_note){ .kind = MQTT_SESSION_CONNECTED });
        break;
    case MQTT_EVENT_DISCONNECTED:
        end(session, event->client,
            session->complaint[0] != '\0' ? session->complaint : "disconnected");
        break;
    case MQTT_EVENT_PUBLISHED:
        (void)put_note(session, event->client,
                       &(struct broker_session_note){ .kind = MQTT_SESSION_PUBLISHED,
                                                      .message_id = event->msg_id });
        break;
    case MQTT_EVENT_DATA:
        put_message(session, event);
        break;
    case MQTT_EVENT_ERROR:
        if (event->client == session->client) {
            complain(session, event->error_handle);
        }
        break;
    default:
        break;
    }
}

static void forget_told(struct broker_session *session)
{
    free(session->told.topic);
    session->told = (struct broker_session_note){ .topic = NULL };
}

/// A task that ends a client which is still being connected.
static void see_off(void *ctx)
{
    struct broker_session *session = ctx;
    (void)esp_mqtt_client_destroy(atomic_load(&session->leaving));
    atomic_store(&session->leaving, NULL);
    vTaskDelete(NULL);
}

/// Ends the client, with a farewell if it is connected.
static void end_client(struct broker_session *session)
{
    take_lock(session);
    void *client = session->client;
    const bool may_wait_long = !session->is_up && !session->is_over;
    session->client = NULL; // What it tells from now on is not heard.
    give_lock(session);
    if (client == NULL) {
        return;
    }
    if (may_wait_long) {
        atomic_store(&session->leaving, client);
        if (xTaskCreate(see_off, "mqtt_end", SEE_OFF_STACK, session,
                        (UBaseType_t)session->options.task_priority, NULL) == pdPASS) {
            return;
        }
        atomic_store(&session->leaving, NULL);
    }
    (void)esp_mqtt_client_destroy(client);
}

/// Ends the client and forgets what it told.
static void drop_client(struct broker_session *session)
{
    end_client(session);
    for (unsigned n = 0; n < session->count; n++) {
        free(session->notes[n].topic);
    }
    forget_told(session);
    session->count = 0;
    session->messages = 0;
    session->has_ended = false;
    session->is_up = false;
    session->is_over = false;
    session->complaint[0] = '\0';
}

static esp_mqtt_client_handle_t make_client(const struct broker_session_options *options,
                                            const struct mqtt_will *will)
{
    const esp_mqtt_client_config_t config = {
        .broker = { .address = { .hostname = options->host,
                                 .transport = MQTT_TRANSPORT_OVER_SSL,
                                 .port = options->port },
                    .verification = { .crt_bundle_attach = keystore_tls_attach_broker } },
        .credentials = { .client_id = options->client_id },
        .session = { .last_will = { .topic = will->topic,
                                    .msg = will->payload,
                                    .msg_len = (int)strlen(will->payload),
                                    .qos = 1,
                                    .retain = will->retain },
                     .keepalive = options->keepalive_s,
                     // On a connection that stands nothing has to be sent twice.
                     .message_retransmit_timeout = BROKER_SESSION_RETRANSMIT_MS,
                     .protocol_ver = MQTT_PROTOCOL_V_3_1_1 },
        // A client that has told its end looks twice in that time whether it is to go.
        .network = { .timeout_ms = BROKER_SESSION_NETWORK_MS,
                     .reconnect_timeout_ms = GO_MS,
                     .disable_auto_reconnect = true },
        .task = { .priority = options->task_priority, .stack_size = options->task_stack },
        .buffer = { .size = options->buffer_size },
        .outbox = { .limit = options->outbox_size },
    };
    return esp_mqtt_client_init(&config);
}

static enum status connect_session(void *ctx, const struct mqtt_will *will)
{
    struct broker_session *session = ctx;
    struct keystore_tls_options identity = { .authority = NULL };

    drop_client(session);
    if (atomic_load(&session->leaving) != NULL) { // It still uses what TLS shows and trusts.
        end(session, NULL, "the connection before is still ending");
        return STATUS_OK;
    }
    enum status status = session->options.identity(session->options.ctx, &identity);
    if (status == STATUS_OK) {
        status = keystore_tls_prepare(KEYSTORE_TLS_BROKER, &identity);
    }
    if (status != STATUS_OK) {
        (void)snprintf(session->complaint, sizeof session->complaint,
                       "this device cannot show who it is (%s): enrol it", status_name(status));
        end(session, NULL, session->complaint);
        return STATUS_OK;
    }
    session->client = make_client(&session->options, will);
    if (session->client == NULL ||
        esp_mqtt_client_register_event(session->client, MQTT_EVENT_ANY, on_event, session) !=
            ESP_OK ||
        esp_mqtt_client_start(session->client) != ESP_OK) {
        drop_client(session);
        end(session, NULL, "there is no memory for a connection");
    }
    return STATUS_OK;
}

static enum status publish(void *ctx, const char *topic, const void *payload, size_t size, int qos,
                           bool retain, int *message_id)
{
    struct broker_session *session = ctx;

    if (session->client == NULL || !session->is_up) {
        return STATUS_IO;
    }
    // With a size of 0 esp-mqtt would look for the end of a text.
    const int id = esp_mqtt_client_enqueue(session->client, topic, size > 0 ? payload : NULL,
                                           (int)size, qos, retain ? 1 : 0, true);
    if (id < 0) {
        return id == OUTBOX_IS_FULL ? STATUS_BUSY : STATUS_IO;
    }
    *message_id = id;
    return STATUS_OK;
}

static enum status subscribe(void *ctx, const char *topic, int qos)
{
    struct broker_session *session = ctx;

    if (session->client == NULL || !session->is_up) {
        return STATUS_IO;
    }
    return esp_mqtt_client_subscribe_single(session->client, topic, qos) >= 0 ? STATUS_OK
                                                                              : STATUS_IO;
}

static enum status next_event(void *ctx, struct mqtt_event *event)
{
    struct broker_session *session = ctx;
    enum status status = STATUS_OK;

    forget_told(session);
    take_lock(session);
    if (session->count > 0) {
        session->told = session->notes[0];
        memmove(session->notes, session->notes + 1, (--session->count) * sizeof *session->notes);
        session->messages -= session->told.kind == MQTT_SESSION_MESSAGE ? 1 : 0;
    } else if (session->has_ended) {
        session->has_ended = false;
        session->told.kind = MQTT_SESSION_DISCONNECTED;
    } else {
        status = STATUS_MISSING;
    }
    give_lock(session);
    *event = (struct mqtt_event){ .kind = session->told.kind,
                                  .topic = session->told.topic,
                                  .payload = session->told.payload,
                                  .payload_size = session->told.payload_size,
                                  .retained = session->told.retained,
                                  .message_id = session->told.message_id,
                                  .reason = session->reason };
    return status;
}

static void disconnect_session(void *ctx)
{
    drop_client(ctx);
}

void broker_session_open(struct broker_session *session,
                         const struct broker_session_options *options)
{
    *session = (struct broker_session){ .options = *options };
    session->lock = xSemaphoreCreateMutexStatic(&session->lock_storage);
    session->happened = xSemaphoreCreateBinaryStatic(&session->happened_storage);
}

struct mqtt_session broker_session_seam(struct broker_session *session)
{
    return (struct mqtt_session){ .connect = connect_session,
                                  .publish = publish,
                                  .subscribe = subscribe,
                                  .next_event = next_event,
                                  .disconnect = disconnect_session,
                                  .ctx = session };
}
