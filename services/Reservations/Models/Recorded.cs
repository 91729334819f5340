using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Reservations.Models;

/// <summary>A command that was done: its events, the revision of the last of them, and whether this is its first answer again.</summary>
internal sealed record Recorded(Items<LedgerEvent> Events, long Revision, bool Repeated) : Answer
{
    /// <summary>The command's event of this kind.</summary>
    public T Event<T>() where T : LedgerEvent => Find<T>() ?? throw new InvalidOperationException($"no {typeof(T).Name} among {Events}");

    public T? Find<T>() where T : LedgerEvent => Events.OfType<T>().FirstOrDefault();
}
