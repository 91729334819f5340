using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Reservations.Requests;

/// <summary>Reads the requests of the Reservations service into commands.</summary>
internal static class LedgerRequests
{
    public static Reserve Read(V1.ReserveRequest request, Asking asking)
    {
        var id = Fields.CommandId(request.CommandId, asking.Now);
        Guid? parent = request.HasParentId ? Fields.ParentId(request.ParentId) : null;
        var lines = Lines.Read("lines", request.Lines, asking, RatesOf(parent, asking));
        var timeToLive = TimeToLive(request.TimeToLive);
        var grace = Fields.Duration("grace", request.Grace, TimeSpan.Zero, Limits.GraceMost);
        var content = new Content("reserve").Add(lines).Add(timeToLive).Add(grace);
        // as with Track: a request without one is hashed as it was before there were runs
        if (parent is { } run) content.Add(run);
        return new Reserve(id, content.Hash(), lines, timeToLive ?? Limits.TimeToLiveDefault, grace ?? asking.Grace, parent);
    }

    public static Commit Read(V1.CommitRequest request, Asking asking)
    {
        var (id, reservation) = (Fields.CommandId(request.CommandId, asking.Now), Fields.ReservationId(request.ReservationId));
        var actual = request.Actual is { } lines
            ? Lines.Read("actual.items", lines.Items, asking, asking.RatesOfHold, least: 0, quantityLeast: 0)
            : null;
        return new Commit(id, new Content("commit").Add(reservation).Add(actual).Hash(), reservation, actual);
    }

    public static Release Read(V1.ReleaseRequest request, Asking asking)
    {
        var (id, reservation) = (Fields.CommandId(request.CommandId, asking.Now), Fields.ReservationId(request.ReservationId));
        return new Release(id, new Content("release").Add(reservation).Hash(), reservation);
    }

    public static Refund Read(V1.RefundRequest request, Asking asking)
    {
        var (id, reservation) = (Fields.CommandId(request.CommandId, asking.Now), Fields.ReservationId(request.ReservationId));
        var lines = request.Lines is { } some ? Lines.ReadRefund("lines.items", some.Items) : null;
        var reason = Fields.Text("reason", request.Reason);
        if (reason == Refunded.Unused) throw RequestRefused.Invalid("reason", $"another reason: {Refunded.Unused} is the ledger's own");
        var until = Fields.Moment("restore_until", request.RestoreUntil);
        var content = new Content("refund").Add(reservation).Add(lines).Add(reason).Add(until).Hash();
        return new Refund(id, content, reservation, lines, reason, until);
    }

    public static Extend Read(V1.ExtendRequest request, Asking asking)
    {
        var (id, reservation) = (Fields.CommandId(request.CommandId, asking.Now), Fields.ReservationId(request.ReservationId));
        var timeToLive = TimeToLive(request.TimeToLive);
        var add = Lines.Read("add", request.Add, asking, asking.RatesOfHold, least: 0);
        if (timeToLive is null && add.Count == 0) throw RequestRefused.Invalid("time_to_live", "a time to live, lines to add, or both");
        return new Extend(id, new Content("extend").Add(reservation).Add(timeToLive).Add(add).Hash(), reservation, timeToLive, add);
    }

    public static Track Read(V1.TrackRequest request, Asking asking)
    {
        var id = Fields.CommandId(request.CommandId, asking.Now);
        var occurredAt = Fields.Moment("occurred_at", request.OccurredAt);
        var lines = Lines.Read("lines", request.Lines, asking, (meter, attributes) => asking.RatesSince(occurredAt, meter, attributes));
        var enforced = IsEnforced(request.Mode);
        var content = new Content("track").Add(lines).Add(enforced ? 1 : 0);
        // hashes of requests that do not have it stay what they were before it was there
        if (occurredAt is not null) content.Add(occurredAt);
        return new Track(id, content.Hash(), lines, enforced, occurredAt);
    }

    public static Check Read(V1.CheckRequest request, Asking asking)
    {
        Guid? parent = request.HasParentId ? Fields.ParentId(request.ParentId) : null;
        return new Check(Lines.Read("lines", request.Lines, asking, RatesOf(parent, asking)), parent);
    }

    /// <summary>A child has the prices of its run.</summary>
    private static Func<string, Attributes, Items<Rate>> RatesOf(Guid? parent, Asking asking) =>
        parent is null ? asking.RatesNow : asking.RatesOfHold;

    private static bool IsEnforced(V1.TrackMode mode) => mode switch
    {
        V1.TrackMode.Unspecified or V1.TrackMode.Enforced => true,
        V1.TrackMode.PostPaid => false,
        _ => throw RequestRefused.Invalid("mode", "enforced or post-paid"),
    };

    private static TimeSpan? TimeToLive(Google.Protobuf.WellKnownTypes.Duration? asked) =>
        Fields.Duration("time_to_live", asked, Limits.TimeToLiveLeast, Limits.TimeToLiveMost);
}
