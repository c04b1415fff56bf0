/*
 * A process with one mapping, of which it keeps touching a part, page by page. In C, and
 * linked statically, because the address space of Node is so full of holes that DAMON, which takes a
 * process as three regions, finds nothing in it within seconds.
 *
 * Usage: workload MIB HOT_PERCENT MEMORY [COLD_MIB [WHERE [NODE]]]. MEMORY is how the mapping is backed:
 *   small    anonymous, never huge pages
 *   default  anonymous, as the system has it
 *   huge     anonymous, huge pages wanted
 *   a path   that file, shared; made if need be
 * COLD_MIB is the size of a second, anonymous mapping that is touched once and never again.
 * WHERE is which parts of HOT_PERCENT are touched:
 *   first    the first, as without the word
 *   even     the first, the third, and so on
 *   a number one after another, each for so many milliseconds
 * NODE is where the memory comes from as long as there is room; it may be moved anywhere later.
 * Prints start, end, end of the first part, start and end of the second mapping, once all memory is
 * there.
 */
#define _GNU_SOURCE
#include "touch.h"
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	huge_bytes = 2 << 20,
	pause_us = 2000,
	life_seconds = 240,
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *map_file(const char *path, size_t bytes)
{
	int file = open(path, O_RDWR | O_CREAT, 0600);

	if (file < 0 || ftruncate(file, bytes) < 0)
		return MAP_FAILED;
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
}

/* Begins where a huge page can. */
static char *map_anonymous(size_t bytes)
{
	char *memory = mmap(NULL, bytes + huge_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t skipped = -(size_t)memory % huge_bytes;

	if (memory == MAP_FAILED)
		return memory;
	munmap(memory, skipped);
	munmap(memory + skipped + bytes, huge_bytes - skipped);
	return memory + skipped;
}

/* Between two pages that can't be used, so that it stays a mapping of its own. Small pages only. */
static char *map_apart(size_t bytes)
{
	char *memory = mmap(NULL, bytes + 2 * page_bytes, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return memory;
	memory += page_bytes;
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return mprotect(memory, bytes, PROT_READ | PROT_WRITE) ? MAP_FAILED : memory;
}

/* Of pages that are yet to come; those that are there have none once it is the default again. */
static void take_pages_from(int mode, unsigned long nodes)
{
	if (syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL, nodes ? 8 * sizeof(nodes) : 0))
		perror("workload: set_mempolicy");
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 7) {
		fprintf(stderr,
			"usage: workload MIB HOT_PERCENT MEMORY [COLD_MIB [WHERE [NODE]]]\n");
		return 2;
	}
	size_t bytes = strtoul(argv[1], NULL, 10) << 20;
	size_t hot_bytes = bytes * strtoul(argv[2], NULL, 10) / 100 & -(size_t)page_bytes;
	const char *kind = argv[3];
	const char *where = argc > 5 ? argv[5] : "first";
	size_t step = strcmp(where, "even") ? bytes : 2 * hot_bytes;
	long turn_ms = strtol(where, NULL, 10);
	char *memory = strchr(kind, '/') ? map_file(kind, bytes) : map_anonymous(bytes);

	size_t cold_bytes = argc > 4 ? strtoul(argv[4], NULL, 10) << 20 : 0;
	char *cold = cold_bytes ? map_apart(cold_bytes) : NULL;

	if (memory == MAP_FAILED || cold == MAP_FAILED) {
		perror("workload: mmap");
		return 1;
	}
	/* Whoever forgets it: it ends by itself. */
	alarm(life_seconds);
	/* Of a huge page, nobody could tell which part is touched. */
	if (!strcmp(kind, "small"))
		madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (!strcmp(kind, "huge"))
		madvise(memory, bytes, MADV_HUGEPAGE);
	if (argc > 6)
		take_pages_from(MPOL_PREFERRED, 1UL << strtoul(argv[6], NULL, 10));
	touch(memory, bytes);
	touch(cold, cold_bytes);
	take_pages_from(MPOL_DEFAULT, 0);
	printf("%zu %zu %zu %zu %zu\n", (size_t)memory, (size_t)memory + bytes,
	       (size_t)memory + hot_bytes, (size_t)cold, (size_t)cold + cold_bytes);
	fflush(stdout);
	long since_ms = now_ms();
	for (size_t first = 0;;) {
		for (size_t at = first; at + hot_bytes <= bytes; at += step)
			touch(memory + at, hot_bytes);
		forget_translations();
		usleep(hot_bytes ? pause_us : 1000000);
		if (!turn_ms || now_ms() - since_ms < turn_ms)
			continue;
		since_ms = now_ms();
		first += hot_bytes;
		if (first + hot_bytes > bytes)
			first = 0;
	}
}
