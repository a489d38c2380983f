// SPDX-License-Identifier: MIT
#pragma once

/// What the files of fleet_json share. Private to this module.

#include "fleet_store.h"
#include "json_writer.h"

/// Writes the words of a quality mask as the member "quality".
void fleet_json_quality(struct json_writer *writer, uint16_t quality);

/// The word for an anchor's source.
const char *fleet_json_time_source(uint8_t source);

/// Writes hertz; null for 0, which means that there was no reference.
void fleet_json_frequency(struct json_writer *writer, const char *name, uint32_t frequency_mhz);
