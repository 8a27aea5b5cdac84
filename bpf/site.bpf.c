/*
 * The one program on every site of an interpreter.
 *
 * The cookie says which event the site means; the family does the rest.  Loaded either as
 * uprobe_multi (all sites of a binary in one link) or as a plain uprobe (one link each), where
 * the kernel lacks the former or its pid filter fails the self-test.
 */
#include "bpf/core.bpf.h"
#include "bpf/gil_hold.bpf.h"
#include "bpf/stacks.bpf.h"

/*
 * One load per register: left alone, the compiler makes one load at a computed offset of them,
 * which the verifier refuses on the context.
 */
#define REG(number, member) \
	case number: \
		v = ctx->member; \
		barrier_var(v); \
		return v;

/* Numbers of struct gs_arg. */
static __always_inline u64 reg_value(struct pt_regs *ctx, u8 reg)
{
	u64 v;

	switch (reg) {
		GS_REGISTERS(REG)
	}
	return 0;
}

static __always_inline u64 resize(u64 v, s8 size)
{
	switch (size) {
	case 1:
		return (u8)v;
	case 2:
		return (u16)v;
	case 4:
		return (u32)v;
	case -1:
		return (s64)(s8)v;
	case -2:
		return (s64)(s16)v;
	case -4:
		return (s64)(s32)v;
	}
	return v;
}

static __always_inline bool arg_value(struct pt_regs *ctx, const struct gs_arg *arg, u64 *ret_v)
{
	u64 v = 0;

	switch (arg->kind) {
	case GS_ARG_CONST:
		v = (s64)arg->disp;
		break;
	case GS_ARG_REG:
		v = reg_value(ctx, arg->reg);
		break;
	case GS_ARG_SUM:
		v = reg_value(ctx, arg->reg) + arg->disp;
		break;
	case GS_ARG_DEREF:
		if (bpf_probe_read_user(&v, sizeof(v),
					(void *)(reg_value(ctx, arg->reg) + arg->disp))) {
			gs_lose(GS_LOSS_READ_FAULT, 1);
			return false;
		}
		break;
	default:
		return false;
	}
	*ret_v = resize(v, arg->size);
	return true;
}

__hidden bool gs_site_arg(struct pt_regs *ctx, u32 site, u32 n, u64 *ret_v)
{
	struct gs_site *s = bpf_map_lookup_elem(&gs_sites, &site);

	return s && n < GS_SITE_ARGS && arg_value(ctx, &s->args[n], ret_v);
}

/* The address of the GIL that the site is about; 0: it does not say. */
static __always_inline u64 gil_address(struct pt_regs *ctx, u64 cookie)
{
	if (!GS_COOKIE_HAS_GIL(cookie))
		return 0;
	return reg_value(ctx, GS_COOKIE_GIL_REG(cookie)) + GS_COOKIE_GIL_DISP(cookie);
}

static __always_inline int on_site(struct pt_regs *ctx)
{
	u64 cookie = bpf_get_attach_cookie(ctx);
	u32 event = GS_COOKIE_EVENT(cookie), site = GS_COOKIE_SITE(cookie);
	u64 now, address;

	/* Hits of processes that run the same file and are no targets cost as much: count them. */
	gs_hit(GS_HOOK_COUNT + site);
	switch (event) {
	case GS_EVENT_GIL_OWNED:
	case GS_EVENT_GIL_RELEASED:
		if (!gs_measures(GS_FAMILY_GIL) || gs_config.watch)
			return 0;
		now = bpf_ktime_get_ns();
		address = gil_address(ctx, cookie);
		return gil_fast(event, address, now) ? 0 : gil_site(ctx, event, site, address, now);
	case GS_EVENT_GIL_RELEASED_WHY:
	case GS_EVENT_GIL_FORCED:
	case GS_EVENT_GIL_WAIT:
		return gil_site(ctx, event, site, gil_address(ctx, cookie), bpf_ktime_get_ns());
	case GS_EVENT_GC_START:
	case GS_EVENT_GC_DONE:
	case GS_EVENT_GC_TOLD:
		return gc_site(ctx, event, site);
	case GS_EVENT_REFS_DEALLOC:
	case GS_EVENT_REFS_ALLOC:
		if (refs_site(ctx, event, site) && gs_measures(GS_FAMILY_STACKS))
			stacks_dealloc();
		return 0;
	case GS_EVENT_ASYNCIO_STEP:
	case GS_EVENT_ASYNCIO_STEP_DONE:
		return asyncio_site(event, bpf_ktime_get_ns());
	case GS_EVENT_FT_STOP ... GS_EVENT_FT_CRITICAL:
		return ft_site(ctx, event, site, bpf_ktime_get_ns());
	}
	return 0;
}

SEC("?uprobe.multi")
int gs_site_multi(struct pt_regs *ctx)
{
	return on_site(ctx);
}

SEC("?uprobe")
int gs_site_plain(struct pt_regs *ctx)
{
	return on_site(ctx);
}
