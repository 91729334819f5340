using Metering.Ledger.Accounts;
using Metering.Ledger.Pricing;

namespace Metering.Ledger.Stored;

/// <summary>
/// Reads the events of which streams mostly consist, as <see cref="LedgerEvents"/> writes them: members in the order in which they are
/// written, and not those that are rare. Whatever is otherwise is not read here: the serializer reads or refuses it.
/// </summary>
internal static class FrequentEvents
{
    /// <summary>None: it is not one of them, or not just as we write it.</summary>
    public static LedgerEvent? TryRead(string type, ReadOnlySpan<byte> data)
    {
        var json = new WrittenJson(data);
        LedgerEvent? read = type switch
        {
            "reserved.v1" => Reserved(ref json),
            "committed.v1" => Committed(ref json),
            "refunded.v1" => Refunded(ref json),
            "released.v1" => Released(ref json),
            "usage_tracked.v1" => UsageTracked(ref json),
            _ => null,
        };
        json.Skip("}"u8);
        return json.IsRead ? read : null;
    }

    private static Reserved Reserved(ref WrittenJson json) => new(
        Reservation: json.Id("""{"reservation":"""u8), Assignment: json.Int(""","assignment":"""u8), Period: json.Int(""","period":"""u8),
        Deadline: json.Time(""","deadline":"""u8), Grace: json.Duration(""","grace":"""u8), Lines: Lines(ref json), Draws: Draws(ref json),
        Parent: json.IdIfAny(""","parent":"""u8), At: At(ref json), Cause: Cause(ref json));

    private static Committed Committed(ref WrittenJson json) => new(
        Reservation: json.Id("""{"reservation":"""u8), Assignment: json.Int(""","assignment":"""u8), Period: json.Int(""","period":"""u8),
        Lines: Lines(ref json), Draws: Draws(ref json), FromParent: json.ListIfAny(""","from_parent":"""u8, Draw), At: At(ref json),
        Cause: Cause(ref json));

    // what a commit gives back: a later refund has members that are not here
    private static Refunded Refunded(ref WrittenJson json) => new(
        Reservation: json.Id("""{"reservation":"""u8), Period: json.Int(""","period":"""u8), AdjustsPeriod: null,
        Reason: json.Text(""","reason":"""u8), Lines: json.List<RefundLine>(""","lines":"""u8, NoLine), Draws: Draws(ref json),
        ToParent: json.IdIfAny(""","to_parent":"""u8), At: At(ref json), Cause: Cause(ref json));

    private static Released Released(ref WrittenJson json) => new(
        Reservation: json.Id("""{"reservation":"""u8), Reason: Reason(ref json), Draws: Draws(ref json),
        ToParent: json.IdIfAny(""","to_parent":"""u8), At: At(ref json), Cause: CauseIfAny(ref json));

    private static UsageTracked UsageTracked(ref WrittenJson json) => new(
        Assignment: json.Int("""{"assignment":"""u8), Period: json.IntIfAny(""","period":"""u8), Enforced: json.Truth(""","enforced":"""u8),
        Unmatched: json.Truth(""","unmatched":"""u8), Lines: Lines(ref json), Draws: Draws(ref json),
        OccurredAt: json.TimeIfAny(""","occurred_at":"""u8), At: At(ref json), Cause: Cause(ref json));

    private static DateTimeOffset At(ref WrittenJson json) => json.Time(""","at":"""u8);

    private static Cause Cause(ref WrittenJson json)
    {
        var cause = new Cause(Command: json.Id(""","cause":{"command":"""u8), Content: json.Hash(""","content":"""u8));
        json.Skip("}"u8);
        return cause;
    }

    // an expiry has none: the event ends here
    private static Cause? CauseIfAny(ref WrittenJson json) => json.IsAt("}"u8) ? null : Cause(ref json);

    private static Items<UsedLine> Lines(ref WrittenJson json) => json.List(""","lines":"""u8, Line);

    private static UsedLine Line(ref WrittenJson json)
    {
        var line = new UsedLine(
            Meter: json.Text("""{"meter":"""u8), Unit: json.Text(""","unit":"""u8), Attributes: json.Attributes(""","attributes":"""u8),
            Quantity: json.Number(""","quantity":"""u8), Overrun: json.Number(""","overrun":"""u8),
            Ratings: json.ListIfAny(""","ratings":"""u8, Rating));
        json.Skip("}"u8);
        return line;
    }

    private static RatedAmount Rating(ref WrittenJson json)
    {
        var rating = new RatedAmount(
            Group: json.Text("""{"group":"""u8), Book: json.Int(""","book":"""u8),
            Price: new Price(Nanos: json.Number(""","price":{"nanos":"""u8), Per: json.Number(""","per":"""u8)),
            MarkupPpm: json.Number("""},"markup_ppm":"""u8), Amount: json.Number(""","amount":"""u8));
        json.Skip("}"u8);
        return rating;
    }

    private static Items<Draw> Draws(ref WrittenJson json) => json.List(""","draws":"""u8, Draw);

    private static Draw Draw(ref WrittenJson json)
    {
        var draw = new Draw(
            Group: json.Text("""{"group":"""u8), Since: json.Int(""","since":"""u8), Start: json.Time(""","start":"""u8),
            End: json.Time(""","end":"""u8), Parts: json.List(""","parts":"""u8, Part), Left: json.Number(""","left":"""u8));
        json.Skip("}"u8);
        return draw;
    }

    private static Part Part(ref WrittenJson json)
    {
        var part = new Part(Bucket(ref json), Amount: json.Number(""","amount":"""u8), Grant: json.IdIfAny(""","grant":"""u8));
        json.Skip("}"u8);
        return part;
    }

    private static Bucket Bucket(ref WrittenJson json)
    {
        json.Skip("""{"bucket":"""u8);
        if (json.TrySkip("\"quota\""u8)) return Accounts.Bucket.Quota;
        if (json.TrySkip("\"overage\""u8)) return Accounts.Bucket.Overage;
        if (json.TrySkip("\"credit\""u8)) return Accounts.Bucket.Credit;
        json.Skip("\"rollover\""u8);
        return Accounts.Bucket.Rollover;
    }

    private static ReleaseReason Reason(ref WrittenJson json)
    {
        json.Skip(""","reason":"""u8);
        if (json.TrySkip("\"released\""u8)) return ReleaseReason.Released;
        json.Skip("\"expired\""u8);
        return ReleaseReason.Expired;
    }

    private static RefundLine NoLine(ref WrittenJson json)
    {
        json.Fail();
        return null!;
    }
}
