using System.Security.Cryptography;
using System.Text;
using Metering.Balances.ReadModels;
using Metering.Contracts.Messages;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Catalog;
using Metering.Ledger.Stored;
using Ended = Metering.Ledger.Accounts.PeriodEnded;
using Closed = Metering.Ledger.Accounts.PeriodClosed;
using Reached = Metering.Ledger.Accounts.ThresholdReached;
using LedgerEvent = Metering.Ledger.Accounts.LedgerEvent;

namespace Metering.Balances.Publishing;

/// <summary>What the bus is told of a ledger event: a pure function, so that the stream is the outbox.</summary>
public static class Messages
{
    private static readonly string[] Told = ["period_ended.v1", "period_closed.v1", "threshold_reached.v1"];

    /// <summary>True for the stored names of events that have no message: most events, so they are not even decoded.</summary>
    public static bool IsSilent(string type) => !Told.Contains(type) && LedgerEvents.Names.Contains(type);

    /// <summary>The messages of an event, none for most.</summary>
    public static IEnumerable<object> Of(StoredEvent stored, LedgerEvent happened) => happened switch
    {
        Ended e => [new PeriodEnded(
            LedgerStreams.UserOf(stored.Stream), stored.Revision, stored.Id, e.At, e.Period.Number, e.Period.Start, e.Period.End, e.StripeCustomer,
            Groups(e.Groups))],
        Closed e => [new PeriodClosed(
            LedgerStreams.UserOf(stored.Stream), stored.Revision, stored.Id, e.At, e.Period.Number, e.Period.Start, e.Period.End, e.StripeCustomer,
            Groups(e.Groups), [.. e.Meters.Select(meter => new MeterTotal(meter.Meter, meter.Quantity, meter.Overrun))],
            Chain.HashOf(stored.Metadata.Span))],
        Reached e => [new ThresholdReached(
            LedgerStreams.UserOf(stored.Stream), stored.Revision, stored.Id, e.At, e.Group, e.Start,
            e.End == DateTimeOffset.MaxValue ? null : e.End, e.Percent, e.Used, e.Limit)],
        _ => [],
    };

    /// <summary>A message's id: of the same event and type always the same (a UUID of version 8 over their hash), so that a repeat can be told.</summary>
    public static Guid IdOf(Guid eventId, Type message)
    {
        var hash = SHA256.HashData([.. eventId.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(message.Name)]);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }

    private static GroupTotal[] Groups(Items<Ledger.Accounts.GroupTotal> groups) => [.. groups.Select(total => new GroupTotal(
        total.Group, total.Unit, total.Kind == GroupKind.Funding ? "funding" : "cap", total.Rollover, total.Quota, total.Credit, total.Overage,
        total.Charge, total.AdjustedUsage, total.AdjustedOverage, total.AdjustedCharge, total.RolledOver,
        total.Reporting is { } reporting ? new(reporting.StripeMeter, reporting.Scale, reporting.What.Name()) : null))];
}
