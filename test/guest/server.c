/*
 * A service: requests arrive at even distances whether or not the last one is answered, each waits
 * for something else for a while and touches all of the service's memory.
 *
 * Usage: server MIB MS_BETWEEN_REQUESTS FILE. To FILE it writes the p99 of its latency in the last two
 * seconds, again and again. SIGUSR1 doubles the load, SIGUSR2 halves it. Prints start and end of its
 * memory once it is there.
 */
#define _GNU_SOURCE
#include "touch.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Long beside what a busy host keeps a processor of the guest waiting. */
	service_us = 100000,
	window_us = 2000000,
	/* Who would wait longer is turned away. */
	longest_wait_us = 5000000,
	max_requests = 1000,
	life_seconds = 240,
};

static volatile sig_atomic_t period_us;

static void double_load(int signal)
{
	(void)signal;
	period_us /= 2;
}

static void halve_load(int signal)
{
	(void)signal;
	period_us *= 2;
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *one, const void *other)
{
	long left = *(const long *)one, right = *(const long *)other;

	return (left > right) - (left < right);
}

/* Whoever reads the file sees one value or the next, and nothing in between. */
static void write_p99(const char *path, long *latencies, size_t nr)
{
	char temporary[256];
	FILE *file;

	qsort(latencies, nr, sizeof(*latencies), compare);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (!file)
		return;
	fprintf(file, "%.1fms\n", latencies[(nr * 99 + 99) / 100 - 1] / 1000.0);
	fclose(file);
	rename(temporary, path);
}

int main(int argc, char **argv)
{
	static long latencies[max_requests];
	size_t nr = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: server MIB MS_BETWEEN_REQUESTS FILE\n");
		return 2;
	}
	size_t bytes = strtoul(argv[1], NULL, 10) << 20;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("server: mmap");
		return 1;
	}
	/* Whoever forgets it: it ends by itself. */
	alarm(life_seconds);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	touch(memory, bytes);
	period_us = 1000 * strtol(argv[2], NULL, 10);
	signal(SIGUSR1, double_load);
	signal(SIGUSR2, halve_load);
	printf("%zu %zu\n", (size_t)memory, (size_t)memory + bytes);
	fflush(stdout);
	long since_us = now_us();
	for (long due_us = since_us;;) {
		due_us += period_us;
		long early_us = due_us - now_us();
		if (early_us > 0)
			usleep(early_us);
		else if (-early_us > longest_wait_us)
			due_us = now_us() - longest_wait_us;
		usleep(service_us);
		touch(memory, bytes);
		forget_translations();
		if (nr < max_requests)
			latencies[nr++] = now_us() - due_us;
		if (now_us() - since_us < window_us)
			continue;
		write_p99(argv[3], latencies, nr);
		since_us = now_us();
		nr = 0;
	}
}
