/*
 * Giving up root (-Z), and the capabilities of a user who has some. Groups go first, since without root they could not; then it is made sure that there is no way back.
 */
#include "cli/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool fail(const char *user, const char *why)
{
	fprintf(stderr, "envscope: can't give up root for %s: %s\n", user, why);
	return false;
}

static bool become(const char *user, const struct passwd *p)
{
	if (p->pw_uid == geteuid() && p->pw_uid == getuid())
		return true;
	if (initgroups(p->pw_name, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
		return fail(user, strerror(errno));
	if (p->pw_uid != 0 && setuid(0) == 0)
		return fail(user, "it could be taken back");
	return true;
}

static bool change_user(const char *user, bool live)
{
	const char *sudo = getenv("SUDO_USER");
	if (!user && (!live || geteuid() != 0 || !sudo || !*sudo))
		return true;
	const char *who = user ? user : sudo;
	const struct passwd *p = getpwnam(who);
	return p ? become(who, p) : fail(who, "there is no such user");
}

/* The right to capture that a user has been given (setcap): what is open stays open. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0 } };
	if (geteuid() != 0)
		syscall(SYS_capset, &head, none);
}

bool privileges_drop(const char *user, bool live)
{
	bool good = change_user(user, live);
	drop_capabilities();
	return good;
}
