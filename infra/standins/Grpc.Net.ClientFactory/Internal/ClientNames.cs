namespace Grpc.Net.ClientFactory.Internal;

/// <summary>Which client type each name stands for, so that two types of one name are not confused.</summary>
internal sealed class ClientNames
{
    private readonly Dictionary<string, Type> _types = [];

    public bool Contains(string name) => _types.ContainsKey(name);

    public void Reserve(string name, Type type)
    {
        if (_types.TryGetValue(name, out var other) && other != type)
            throw new InvalidOperationException($"The gRPC client factory already has a registered client with the name '{name}', bound to the type '{other.FullName}'. " +
                "Use an overload of AddGrpcClient that accepts a string and provide a unique name to resolve the conflict.");
        _types[name] = type;
    }
}
