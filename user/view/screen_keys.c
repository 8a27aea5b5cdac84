/* Keys of the screens that take the panels' place. */
#include "user/view/view.h"

static void back(struct view *v)
{
	bool was_thread = v->screen == SCREEN_FLAME && v->flame_tid;

	v->screen = was_thread ? SCREEN_THREAD : SCREEN_PANELS;
	v->flame_tid = 0;
	v->scroll = v->across = 0;
	v->move = 0;
}

static void go_to(struct view *v, enum view_screen screen)
{
	v->flame_tid = v->screen == SCREEN_THREAD && screen == SCREEN_FLAME ? v->tid : 0;
	v->screen = screen;
	v->scroll = v->across = 0;
}

bool view_screen_key(struct view *v, u32 key)
{
	switch (key) {
	case VIEW_KEY_ESC:
	case VIEW_KEY_BACKSPACE:
	case 'q':
		back(v);
		return true;
	case 'w':
		v->by = (v->by + 1) % FIG_BY_COUNT;
		v->scroll = 0;
		return true;
	case 'F':
		if (v->screen != SCREEN_FLAME)
			go_to(v, SCREEN_FLAME);
		return true;
	case 'b':
		if (v->screen != SCREEN_BLAME)
			go_to(v, SCREEN_BLAME);
		return true;
	case VIEW_KEY_RIGHT:
		v->across++; /* drawing brings it back */
		return true;
	case VIEW_KEY_LEFT:
		v->across -= v->across > 0;
		return true;
	case VIEW_KEY_UP:
	case VIEW_KEY_DOWN:
	case VIEW_KEY_PAGE_UP:
	case VIEW_KEY_PAGE_DOWN:
	case VIEW_KEY_HOME:
	case VIEW_KEY_END:
		view_scroll(v, key);
		return true;
	case VIEW_KEY_ENTER: /* nothing to open, sort or filter here */
	case 's':
	case 'r':
	case 'a':
	case '/':
	case '<':
	case '>':
		return true;
	default:
		return false;
	}
}
