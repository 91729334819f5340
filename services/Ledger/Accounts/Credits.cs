namespace Metering.Ledger.Accounts;

/// <summary>Prepaid amounts: granted once per payment, revoked, expired (rules 15, 21).</summary>
internal static class Credits
{
    public static Decision Grant(Context context, GrantCredit command)
    {
        if (context.State.Grants.FirstOrDefault(grant => grant.Source == command.Source) is { } known) return GrantedBefore(known, command);
        return command.ExpiresAt <= context.At
            ? Decision.Refused(RefusalKind.Invalid, "expires_at", "a time to come")
            : Decision.Of(new CreditGranted(
                context.At, Cause(command), command.Id, command.Unit, command.Amount, command.Priority, command.ExpiresAt, command.Source));
    }

    /// <summary>A source is granted once for ever: the same grant again, under whatever id, gets the first answer.</summary>
    private static Decision GrantedBefore(Grant known, GrantCredit command) =>
        known.Unit == command.Unit && known.Amount == command.Amount && known.Priority == command.Priority
            ? Decision.Answered(new DoneBefore(known.Id, known.Revision))
            : Decision.Refused(RefusalKind.Exists, "source", "a payment that was not granted before, or the same grant again");

    public static Decision Revoke(Context context, RevokeCredit command)
    {
        if (context.State.Grants.FirstOrDefault(one => one.Id == command.Grant) is not { } grant)
            return Decision.Refused(RefusalKind.NotFound, "grant_id", "the id of a credit grant of this user");
        return grant.Revoked
            ? Decision.Refused(RefusalKind.Conflict, "grant_id", "a grant that was not revoked before")
            : Decision.Of(new CreditRevoked(context.At, Cause(command), grant.Id, Math.Max(0, grant.Free)));
    }

    private static Cause Cause(Command command) => new(command.Id, command.Content);
}
