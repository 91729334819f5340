using System.Text;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;

namespace Metering.Kernel.Tests.Deciding;

/// <summary>The smallest stream that can deny: a sum with a limit.</summary>
internal sealed class Counting : IStreamModel<Count, CountCommand, CountAnswer>
{
    public int Folded { get; private set; }
    public int Saved { get; private set; }
    public bool SavesRubbish { get; set; }

    public Count Empty() => new();

    public void Fold(Count state, StoredEvent stored)
    {
        Folded++;
        state.Sum += long.Parse(stored.Data.Span, System.Globalization.CultureInfo.InvariantCulture);
    }

    public Turn<CountAnswer> Decide(Count state, CountCommand command, DateTimeOffset now)
    {
        if (command.Explodes) throw new InvalidOperationException("a defect");
        if (command.Amount == 0) return new([], new(true, state.Sum));
        if (state.Sum + command.Amount > command.Limit) return new([], new(false, state.Sum));
        state.Sum += command.Amount;
        var data = Encoding.ASCII.GetBytes($"{command.Amount}".PadLeft(command.Bytes));
        return new([new Fact("added.v1", data, command.Id)], new(true, state.Sum));
    }

    public bool IsAhead(Count state) => false;

    public (string Version, ReadOnlyMemory<byte> Data)? Save(Count state)
    {
        Saved++;
        return ("count.v1", SavesRubbish ? Encoding.ASCII.GetBytes("rubbish") : Encoding.ASCII.GetBytes($"{state.Sum}"));
    }

    public Count? Restore(Snapshot snapshot) => snapshot.Version == "count.v1"
        ? new Count { Sum = long.Parse(snapshot.Data.Span, System.Globalization.CultureInfo.InvariantCulture) }
        : null;
}

internal sealed class Count
{
    public long Sum { get; set; }
}

/// <summary>Adds an amount unless the sum would pass the limit; 0 reads.</summary>
internal sealed record CountCommand(long Amount, long Limit = long.MaxValue, bool Explodes = false, int Bytes = 1)
{
    public Guid Id { get; } = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
}

internal sealed record CountAnswer(bool Allowed, long Sum);
