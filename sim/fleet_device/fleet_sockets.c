// SPDX-License-Identifier: MIT
#include "fleet_sockets.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENT_LIMIT = 512, US_PER_S = 1000000 };

uint64_t fleet_sockets_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000u;
}

enum status fleet_sockets_open(struct fleet_sockets *sockets, struct fleet_device *devices,
                               unsigned count)
{
    *sockets = (struct fleet_sockets){ .devices = devices,
                                       .wants_write = calloc(count, sizeof(bool)),
                                       .poll = epoll_create1(EPOLL_CLOEXEC) };
    if (sockets->wants_write == NULL || sockets->poll < 0) {
        fleet_sockets_close(sockets);
        return STATUS_FULL;
    }
    return STATUS_OK;
}

void fleet_sockets_close(struct fleet_sockets *sockets)
{
    if (sockets->poll > 0) {
        (void)close(sockets->poll);
    }
    free(sockets->wants_write);
    *sockets = (struct fleet_sockets){ 0 };
}

static uint32_t wanted_events(const struct fleet_sockets *sockets, unsigned index)
{
    return EPOLLIN | (sockets->wants_write[index] ? (uint32_t)EPOLLOUT : 0u);
}

enum status fleet_sockets_add(struct fleet_sockets *sockets, unsigned index)
{
    const struct fleet_device *device = &sockets->devices[index];
    sockets->wants_write[index] = fleet_device_wants_write(device);
    struct epoll_event event = { .events = wanted_events(sockets, index), .data.u32 = index };
    const int result = epoll_ctl(sockets->poll, EPOLL_CTL_ADD, fleet_device_socket(device), &event);
    return result == 0 ? STATUS_OK : STATUS_IO;
}

void fleet_sockets_follow(struct fleet_sockets *sockets, unsigned index)
{
    const struct fleet_device *device = &sockets->devices[index];
    const bool wants = fleet_device_wants_write(device);
    if (wants != sockets->wants_write[index]) {
        sockets->wants_write[index] = wants;
        struct epoll_event event = { .events = wanted_events(sockets, index), .data.u32 = index };
        (void)epoll_ctl(sockets->poll, EPOLL_CTL_MOD, fleet_device_socket(device), &event);
    }
}

void fleet_sockets_serve(struct fleet_sockets *sockets, int wait_ms)
{
    struct epoll_event events[EVENT_LIMIT];
    const int count = epoll_wait(sockets->poll, events, EVENT_LIMIT, wait_ms);
    const uint64_t now = fleet_sockets_now_us();

    for (int i = 0; i < count; i++) {
        const unsigned index = events[i].data.u32;
        const enum status status = fleet_device_service(
            &sockets->devices[index], (events[i].events & ~(uint32_t)EPOLLOUT) != 0,
            (events[i].events & (uint32_t)EPOLLOUT) != 0, now);
        // A lost socket is closed by now, which epoll has noticed by itself.
        if (status == STATUS_OK) {
            fleet_sockets_follow(sockets, index);
        }
    }
}
