using System.Globalization;
using Metering.Bench.Loads;
using Metering.V1;

namespace Metering.Bench.Contestants;

/// <summary>The two commands of a cycle, and whether their answers are what they must be.</summary>
internal static class Requests
{
    /// <summary>Begins every user's id: a node that is measured on again has those of earlier runs.</summary>
    internal static readonly string Prefix =
        string.Create(CultureInfo.InvariantCulture, $"bench-{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}-");

    internal static string User(int user) => Prefix + user.ToString(CultureInfo.InvariantCulture);

    internal static string NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();

    internal static ReserveRequest Reserve(int user) => new() { User = User(user), CommandId = NewId(), Lines = { Line(Cycle.Held) } };

    internal static CommitRequest Commit(ReserveRequest reserve) => new()
    {
        User = reserve.User, CommandId = NewId(), ReservationId = reserve.CommandId, Actual = new Lines { Items = { Line(Cycle.Charged) } },
    };

    internal static void Check(ReserveReply reply)
    {
        if (!reply.Allowed) throw new InvalidOperationException($"denied: {reply.Denial.Reason}");
    }

    internal static void Check(CommitReply reply)
    {
        var net = reply.Charged.Sum(draw => draw.Amount) - reply.Unused.Sum(draw => draw.Amount);
        if (net != Cycle.Charged) throw new InvalidOperationException($"charged {net}, expected {Cycle.Charged}");
    }

    private static Line Line(long quantity) => new() { Meter = Cycle.Meter, Quantity = quantity };
}
