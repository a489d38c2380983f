// SPDX-License-Identifier: MIT
#include "nmcli_wifi.h"

#include <stdio.h>
#include <string.h>

#include "nmcli_text.h"

enum { SECRET_SIZE = 320, ARGUMENT_LIMIT = 32, US_PER_MS = 1000 };

static const char LIST_FIELDS[] = "SSID-HEX,CHAN,SIGNAL,SECURITY";
static const char DEVICE_FIELDS[] = "GENERAL.STATE,IP4.ADDRESS,IP6.ADDRESS";

void nmcli_wifi_init(struct nmcli_wifi *wifi, const struct nmcli_wifi_options *options)
{
    *wifi = (struct nmcli_wifi){ .options = *options, .wants_leave = true };
    wifi->wants_close = options->hotspot_interface != NULL;
    nmcli_process_init(&wifi->process);
}

static uint64_t now_ms(const struct nmcli_wifi *wifi)
{
    const struct clock *clock = wifi->options.clock;
    return clock->uptime_us(clock->ctx) / US_PER_MS;
}

static struct wifi_event *happen(struct nmcli_wifi *wifi, enum wifi_event_kind kind,
                                 enum wifi_reason reason)
{
    if (wifi->event_count == NMCLI_WIFI_EVENTS) {
        memmove(wifi->events, wifi->events + 1, (--wifi->event_count) * sizeof wifi->events[0]);
    }
    struct wifi_event *event = &wifi->events[wifi->event_count++];
    *event = (struct wifi_event){ .kind = kind, .reason = reason };
    return event;
}

/// Drops what was said about an attempt or a connection that is over.
static void forget_station_events(struct nmcli_wifi *wifi)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < wifi->event_count; i++) {
        if (wifi->events[i].kind == WIFI_EVENT_SCANNED) {
            wifi->events[kept++] = wifi->events[i];
        }
    }
    wifi->event_count = kept;
}

static void fail_join(struct nmcli_wifi *wifi, enum wifi_reason reason)
{
    wifi->is_joining = false;
    wifi->wants_leave = true; // Or NetworkManager would go on trying.
    (void)happen(wifi, WIFI_EVENT_FAILED, reason);
}

/// Starts a process for `step`; what cannot be started has failed.
static bool start(struct nmcli_wifi *wifi, enum nmcli_wifi_step step, const char *const *arguments,
                  const char *password)
{
    char secret[SECRET_SIZE] = "";
    size_t size = 0;
    enum status status = STATUS_OK;

    if (password != NULL && password[0] != '\0') {
        status = nmcli_text_secret(password, secret, sizeof secret, &size);
    }
    if (status == STATUS_OK) {
        status =
            nmcli_process_start(&wifi->process, wifi->options.program, arguments, secret, size);
    }
    explicit_bzero(secret, sizeof secret);
    if (status != STATUS_OK) {
        return false;
    }
    wifi->step = step;
    wifi->step_end_ms = now_ms(wifi) + NMCLI_WIFI_STEP_MS;
    return true;
}

static bool start_delete(struct nmcli_wifi *wifi, enum nmcli_wifi_step step, const char *profile)
{
    const char *const arguments[] = { "nmcli",  "--wait", "10",    "connection",
                                      "delete", "id",     profile, NULL };
    return start(wifi, step, arguments, NULL);
}

static bool start_add(struct nmcli_wifi *wifi)
{
    const struct wifi_credentials *wanted = &wifi->credentials;
    char ssid[NMCLI_WIFI_NAME_SIZE] = "";
    memcpy(ssid, wanted->ssid, wanted->ssid_size);
    const char *management =
        nmcli_text_is_wpa3_alone(wifi->networks, wanted->ssid, wanted->ssid_size) ? "sae"
                                                                                  : "wpa-psk";
    // psk-flags 2: the password is asked for at each activation and never stored.
    const char *arguments[ARGUMENT_LIMIT] = { "nmcli", "connection",  "add",    "save", "no",
                                              "type",  "wifi",        "ifname", NULL,   "con-name",
                                              NULL,    "autoconnect", "no",     "ssid", NULL };
    size_t count = 14;
    arguments[8] = wifi->options.interface;
    arguments[10] = NMCLI_WIFI_STATION;
    arguments[count++] = ssid;
    if (wanted->password[0] != '\0') {
        arguments[count++] = "wifi-sec.key-mgmt";
        arguments[count++] = management;
        arguments[count++] = "wifi-sec.psk-flags";
        arguments[count++] = "2";
    }
    arguments[count] = NULL;
    return start(wifi, NMCLI_WIFI_ADD, arguments, NULL);
}

static bool start_up(struct nmcli_wifi *wifi, enum nmcli_wifi_step step, const char *profile,
                     const char *interface, const char *password)
{
    const bool has_secret = password[0] != '\0';
    const char *const arguments[] = { "nmcli",
                                      "--wait",
                                      "50",
                                      "connection",
                                      "up",
                                      "id",
                                      profile,
                                      "ifname",
                                      interface,
                                      has_secret ? "passwd-file" : NULL,
                                      NMCLI_PROCESS_SECRET,
                                      NULL };
    return start(wifi, step, arguments, password);
}

static bool start_make(struct nmcli_wifi *wifi)
{
    const char *const arguments[] = { "nmcli",
                                      "connection",
                                      "add",
                                      "save",
                                      "no",
                                      "type",
                                      "wifi",
                                      "ifname",
                                      wifi->options.hotspot_interface,
                                      "con-name",
                                      NMCLI_WIFI_HOTSPOT,
                                      "autoconnect",
                                      "no",
                                      "ssid",
                                      wifi->hotspot_ssid,
                                      "wifi.mode",
                                      "ap",
                                      "ipv4.method",
                                      "shared",
                                      "ipv4.addresses",
                                      wifi->options.hotspot_address,
                                      "wifi-sec.key-mgmt",
                                      "wpa-psk",
                                      "wifi-sec.proto",
                                      "rsn",
                                      "wifi-sec.psk-flags",
                                      "2",
                                      NULL };
    return start(wifi, NMCLI_WIFI_MAKE, arguments, NULL);
}

static bool start_show(struct nmcli_wifi *wifi, enum nmcli_wifi_step step)
{
    const char *const arguments[] = { "nmcli",  "-t",   "-e",
                                      "yes",    "-f",   DEVICE_FIELDS,
                                      "device", "show", wifi->options.interface,
                                      NULL };
    return start(wifi, step, arguments, NULL);
}

static bool start_scan(struct nmcli_wifi *wifi)
{
    const char *const arguments[] = { "nmcli",
                                      "-t",
                                      "-e",
                                      "yes",
                                      "-f",
                                      LIST_FIELDS,
                                      "device",
                                      "wifi",
                                      "list",
                                      "ifname",
                                      wifi->options.interface,
                                      "--rescan",
                                      "yes",
                                      NULL };
    return start(wifi, NMCLI_WIFI_SCAN, arguments, NULL);
}

static void end_scan(struct nmcli_wifi *wifi, int exit_code)
{
    if (exit_code == 0) {
        memcpy(wifi->networks, wifi->output, sizeof wifi->networks);
    }
    // A scan that failed ends as well: the list is the old one.
    (void)happen(wifi, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
}

static void end_show(struct nmcli_wifi *wifi, int exit_code)
{
    char address[WIFI_ADDRESS_SIZE];

    if (exit_code != 0 || !nmcli_text_device(wifi->output, address)) {
        fail_join(wifi, WIFI_REASON_LOST);
    } else if (address[0] == '\0') {
        fail_join(wifi, WIFI_REASON_NO_ADDRESS);
    } else {
        wifi->is_joining = false;
        wifi->is_connected = true;
        wifi->watch_ms = now_ms(wifi) + NMCLI_WIFI_WATCH_MS;
        struct wifi_event *event = happen(wifi, WIFI_EVENT_CONNECTED, WIFI_REASON_NONE);
        memcpy(event->address, address, sizeof event->address);
    }
}

static void end_watch(struct nmcli_wifi *wifi, int exit_code)
{
    char address[WIFI_ADDRESS_SIZE];

    wifi->watch_ms = now_ms(wifi) + NMCLI_WIFI_WATCH_MS;
    if (exit_code != 0 || !nmcli_text_device(wifi->output, address) || address[0] == '\0') {
        wifi->is_connected = false;
        wifi->wants_leave = true;
        (void)happen(wifi, WIFI_EVENT_LOST, WIFI_REASON_LOST);
    }
}

/// Goes on from a process that has ended; what cannot be gone on with fails.
static void go_on(struct nmcli_wifi *wifi, enum nmcli_wifi_step step, int exit_code)
{
    bool started = true;

    wifi->step = NMCLI_WIFI_IDLE;
    switch (step) {
    case NMCLI_WIFI_SCAN:
        end_scan(wifi, exit_code);
        break;
    case NMCLI_WIFI_ADD:
        started = exit_code == 0 && start_up(wifi, NMCLI_WIFI_JOIN, NMCLI_WIFI_STATION,
                                             wifi->options.interface, wifi->credentials.password);
        if (!started) {
            fail_join(wifi, WIFI_REASON_RADIO);
        }
        break;
    case NMCLI_WIFI_JOIN:
        explicit_bzero(wifi->credentials.password, sizeof wifi->credentials.password);
        if (exit_code != 0) {
            fail_join(wifi, nmcli_text_reason(exit_code, wifi->complaint));
        } else if (!start_show(wifi, NMCLI_WIFI_SHOW)) {
            fail_join(wifi, WIFI_REASON_RADIO);
        }
        break;
    case NMCLI_WIFI_SHOW:
        end_show(wifi, exit_code);
        break;
    case NMCLI_WIFI_WATCH:
        end_watch(wifi, exit_code);
        break;
    case NMCLI_WIFI_MAKE:
        if (exit_code == 0) {
            (void)start_up(wifi, NMCLI_WIFI_OPEN, NMCLI_WIFI_HOTSPOT,
                           wifi->options.hotspot_interface, wifi->hotspot_password);
        }
        break;
    case NMCLI_WIFI_OPEN:
        explicit_bzero(wifi->hotspot_password, sizeof wifi->hotspot_password);
        break;
    case NMCLI_WIFI_IDLE:
    case NMCLI_WIFI_LEAVE:
    case NMCLI_WIFI_CLOSE:
        break; // A profile that is not there cannot be deleted, and need not be.
    }
}

/// Takes up what was asked for, one thing at a time: leaving comes before joining.
static void take_up(struct nmcli_wifi *wifi)
{
    if (wifi->wants_leave) {
        wifi->wants_leave = !start_delete(wifi, NMCLI_WIFI_LEAVE, NMCLI_WIFI_STATION);
        if (wifi->wants_leave && wifi->is_joining) {
            wifi->wants_join = false;
            fail_join(wifi, WIFI_REASON_RADIO);
        }
    } else if (wifi->wants_close) {
        wifi->wants_close = !start_delete(wifi, NMCLI_WIFI_CLOSE, NMCLI_WIFI_HOTSPOT);
    } else if (wifi->wants_open) {
        wifi->wants_open = !start_make(wifi);
    } else if (wifi->wants_join) {
        wifi->wants_join = false;
        if (!start_add(wifi)) {
            fail_join(wifi, WIFI_REASON_RADIO);
        }
    } else if (wifi->wants_scan) {
        wifi->wants_scan = false;
        if (!start_scan(wifi)) {
            (void)happen(wifi, WIFI_EVENT_SCANNED, WIFI_REASON_NONE);
        }
    } else if (wifi->is_connected && now_ms(wifi) >= wifi->watch_ms) {
        wifi->watch_ms = now_ms(wifi) + NMCLI_WIFI_WATCH_MS;
        (void)start_show(wifi, NMCLI_WIFI_WATCH);
    }
}

static void move(struct nmcli_wifi *wifi)
{
    int exit_code = 0;
    const enum status status =
        nmcli_process_poll(&wifi->process, &exit_code, wifi->output, wifi->complaint);

    if (status == STATUS_OK) {
        go_on(wifi, wifi->step, exit_code);
    } else if (status == STATUS_BUSY && now_ms(wifi) >= wifi->step_end_ms) {
        nmcli_process_kill(&wifi->process);
        wifi->output[0] = '\0';
        (void)snprintf(wifi->complaint, sizeof wifi->complaint, "no answer");
        go_on(wifi, wifi->step, -1);
    }
    if (wifi->step == NMCLI_WIFI_IDLE) {
        take_up(wifi);
    }
}

static enum status open_hotspot(void *ctx, const char *ssid, const char *password)
{
    struct nmcli_wifi *wifi = ctx;
    const size_t size = strlen(password);

    if (wifi->options.hotspot_interface == NULL) {
        return STATUS_IO;
    }
    if (size < WIFI_PASSWORD_LEAST || size > WIFI_PASSWORD_LIMIT || ssid[0] == '\0' ||
        strlen(ssid) > WIFI_SSID_LIMIT) {
        return STATUS_INVALID;
    }
    (void)snprintf(wifi->hotspot_ssid, sizeof wifi->hotspot_ssid, "%s", ssid);
    (void)snprintf(wifi->hotspot_password, sizeof wifi->hotspot_password, "%s", password);
    wifi->wants_close = true;
    wifi->wants_open = true;
    return STATUS_OK;
}

static void close_hotspot(void *ctx)
{
    struct nmcli_wifi *wifi = ctx;
    wifi->wants_open = false;
    wifi->wants_close = wifi->options.hotspot_interface != NULL;
    if (wifi->step == NMCLI_WIFI_MAKE || wifi->step == NMCLI_WIFI_OPEN) {
        nmcli_process_kill(&wifi->process);
        wifi->step = NMCLI_WIFI_IDLE;
    }
}

static enum status scan(void *ctx)
{
    struct nmcli_wifi *wifi = ctx;
    if (wifi->wants_scan || wifi->is_joining || wifi->step == NMCLI_WIFI_SCAN) {
        return STATUS_BUSY;
    }
    wifi->wants_scan = true;
    return STATUS_OK;
}

static size_t networks(void *ctx, struct wifi_network *out, size_t capacity)
{
    const struct nmcli_wifi *wifi = ctx;
    return nmcli_text_networks(wifi->networks, out, capacity);
}

/// Ends an attempt or a connection, and what is done about it.
static void drop_station(struct nmcli_wifi *wifi)
{
    const bool is_station = wifi->step == NMCLI_WIFI_ADD || wifi->step == NMCLI_WIFI_JOIN ||
                            wifi->step == NMCLI_WIFI_SHOW || wifi->step == NMCLI_WIFI_WATCH;
    if (is_station) {
        nmcli_process_kill(&wifi->process);
        wifi->step = NMCLI_WIFI_IDLE;
    }
    wifi->is_connected = false;
    wifi->is_joining = false;
    wifi->wants_join = false;
    wifi->wants_leave = true;
    explicit_bzero(&wifi->credentials, sizeof wifi->credentials);
    forget_station_events(wifi);
}

static void disconnect(void *ctx)
{
    drop_station(ctx);
}

static enum status connect(void *ctx, const struct wifi_credentials *credentials)
{
    struct nmcli_wifi *wifi = ctx;

    if (credentials->ssid_size == 0 || credentials->ssid_size > WIFI_SSID_LIMIT ||
        memchr(credentials->ssid, '\0', credentials->ssid_size) != NULL) {
        return STATUS_INVALID;
    }
    drop_station(wifi);
    wifi->credentials = *credentials;
    wifi->wants_join = true;
    wifi->is_joining = true;
    return STATUS_OK;
}

static enum status next_event(void *ctx, struct wifi_event *event)
{
    struct nmcli_wifi *wifi = ctx;

    move(wifi);
    if (wifi->event_count == 0) {
        return STATUS_MISSING;
    }
    *event = wifi->events[0];
    memmove(wifi->events, wifi->events + 1, (--wifi->event_count) * sizeof wifi->events[0]);
    return STATUS_OK;
}

struct wifi nmcli_wifi_seam(struct nmcli_wifi *wifi)
{
    return (struct wifi){ .open_hotspot = open_hotspot,
                          .close_hotspot = close_hotspot,
                          .scan = scan,
                          .networks = networks,
                          .connect = connect,
                          .disconnect = disconnect,
                          .next_event = next_event,
                          .ctx = wifi };
}

void nmcli_wifi_close(struct nmcli_wifi *wifi)
{
    nmcli_process_kill(&wifi->process);
    wifi->step = NMCLI_WIFI_IDLE;
    explicit_bzero(&wifi->credentials, sizeof wifi->credentials);
    explicit_bzero(wifi->hotspot_password, sizeof wifi->hotspot_password);
}
