/* Touching memory so that DAMON sees it, in an emulator too. */
#include <stddef.h>
#include <sys/mman.h>

enum {
	page_bytes = 4096,
	/* More pages than the kernel would flush one by one, which is 33. */
	scratch_bytes = 64 * page_bytes,
};

static _Alignas(page_bytes) char scratch[scratch_bytes];

static void touch(volatile char *memory, size_t bytes)
{
	for (size_t offset = 0; offset < bytes; offset += page_bytes)
		memory[offset]++;
}

/*
 * DAMON clears the accessed bits of page tables and leaves the processor's cache of them alone, as on
 * real hardware entries are soon evicted. The emulator's live until all are flushed, and what is
 * hot would not be marked again. Giving back memory that was touched at both of its ends flushes all.
 */
static void forget_translations(void)
{
	touch(scratch, page_bytes);
	touch(scratch + scratch_bytes - page_bytes, page_bytes);
	madvise(scratch, scratch_bytes, MADV_DONTNEED);
}
