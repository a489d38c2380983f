// SPDX-License-Identifier: MIT
#pragma once

/// The device's session with the broker and its communication task, and what that task asks of the
/// device: how it is, what the LED shows, and where news go.

#include "device.h"

/// Builds both; nothing connects yet. After storage, button and what sets the device up.
///
/// @return STATUS_IO       the MQTT client cannot be made, as errno says;
///         STATUS_INVALID  no topic can be made of root_topic.
MUST_CHECK enum status device_link_open(struct device *device);
