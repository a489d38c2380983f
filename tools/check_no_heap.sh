#!/bin/sh
# Fails when a core or base library calls the heap, the clock, stdio or libm.
# Usage: check_no_heap.sh NM LIBRARY
heap='malloc|calloc|realloc|free|strdup|aligned_alloc'
clock='time|clock|clock_gettime|gettimeofday|localtime|gmtime|mktime|nanosleep|usleep'
stdio='printf|fprintf|snprintf|sprintf|vsnprintf|puts|putchar|fopen|fwrite|fread|perror|exit|abort'
libm='sqrt|sqrtf|sin|cos|sinf|cosf|atan2|atan2f|log|log2|exp|pow|lround|lrint|round|floor|fmod'
if "$1" --undefined-only "$2" 2>/dev/null | grep -Ew "U ($heap|$clock|$stdio|$libm|rand|random)"; then
    echo "$2: the core takes memory, time, output and mathematics from its caller" >&2
    exit 1
fi
