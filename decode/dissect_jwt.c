/*
 * JSON web tokens in the tree: header and claims become children of the token's string; the signature stays hidden with the string.
 */
#include "decode/dissect_part.h"
#include "decode/token.h"

/* The claims that are times (RFC 7519, section 4.1): seconds since 1970. */
static void mark_times(struct node *claims)
{
	for (struct node *c = claims->child; c; c = c->next) {
		bool time = slice_is(c->name, "exp") || slice_is(c->name, "iat") || slice_is(c->name, "nbf");
		if (time && c->kind == NODE_NUMBER && token_time(c->real, &c->integer))
			c->type = "NumericDate";
	}
}

void dissect_jwt(struct dissection *d, struct node *n)
{
	struct slice header = { 0 }, claims = { 0 };
	if (!token_read(&d->arena, n->text, &header, &claims))
		return;
	if (!dissect_json_object(d, n, "header", header))
		return;
	struct node *c = dissect_json_object(d, n, "claims", claims);
	if (c)
		mark_times(c);
}
