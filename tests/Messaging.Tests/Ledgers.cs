using System.Text;
using Metering.Kernel.Streams;

namespace Metering.Messaging.Tests;

/// <summary>Ledgers in which periods end, as they are stored.</summary>
internal sealed class Ledgers(IEventStreams streams)
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    public Ledgers() : this(new MemoryStreams(TimeProvider.System))
    {
    }

    public IEventStreams Streams { get; } = streams;

    /// <summary>A user's first period ends, in which so many tokens were used. Without a Stripe customer the report waits.</summary>
    public Task<Appended> End(string user, long tokens, long scale = 1, string? customer = null) => Streams.Append(
        $"ledger-{user}", Revisions.None,
        [
            new NewEvent(
                Guid.CreateVersion7(now), "period_ended.v1", Encoding.UTF8.GetBytes(Ended(tokens, scale, customer)), "{}"u8.ToArray()),
        ],
        default);

    private string Ended(long tokens, long scale, string? customer) => $$"""
        {
          {{(customer is null ? "" : $"\"stripe_customer\": \"{customer}\",")}}
          "period": { "number": 1, "start": "{{now.AddDays(-2):O}}", "end": "{{now:O}}" },
          "groups": [
            {
              "group": "tokens", "since": 1, "unit": "tokens", "kind": "funding", "rollover": 0, "quota": {{tokens}}, "credit": 0, "overage": 0,
              "charge": 0, "adjusted_usage": 0, "adjusted_overage": 0, "adjusted_charge": 0, "rolled_over": 0,
              "reporting": { "stripe_meter": "tokens", "scale": {{scale}}, "what": "usage" }
            }
          ],
          "at": "{{now:O}}"
        }
        """;
}
