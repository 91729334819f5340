namespace Metering.Ledger.Accounts;

/// <summary>
/// Facts that are due by time alone: hold and credit expiries, period ends and closes. Every decision emits them first, in due order (rule 14).
/// </summary>
internal static class DueFacts
{
    /// <summary>The fact that was due first, at or before the moment; none if nothing is.</summary>
    public static LedgerEvent? Next(Context context)
    {
        var hold = NextHold(context.State);
        var (credit, creditAt) = NextCredit(context.State);
        var end = context.State.Current?.Period.End ?? DateTimeOffset.MaxValue;
        var close = Periods.ClosesAt(context.State) ?? DateTimeOffset.MaxValue;
        var first = Min(Min(hold.At, creditAt), Min(end, close));
        if (first > context.At || first == DateTimeOffset.MaxValue) return null;
        if (hold.At == first) return Settling.Release(context, context.State.Holds[hold.Reservation], ReleaseReason.Expired, null);
        if (creditAt == first) return new CreditExpired(context.At, credit!.Id, credit.Free);
        return end == first ? Periods.EndAtBoundary(context) : Periods.CloseOldest(context);
    }

    private static (DateTimeOffset At, Guid Reservation) NextHold(LedgerState state) =>
        state.NextExpiry ?? (DateTimeOffset.MaxValue, default);

    private static (Grant? Grant, DateTimeOffset At) NextCredit(LedgerState state)
    {
        (Grant? Grant, DateTimeOffset At) next = (null, DateTimeOffset.MaxValue);
        foreach (var grant in state.Grants)
            if (grant.Free > 0 && grant.ExpiresAt is { } at && at < next.At) next = (grant, at);
        return next;
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
