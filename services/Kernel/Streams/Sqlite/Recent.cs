namespace Metering.Kernel.Streams.Sqlite;

/// <summary>A bounded map of what was used recently: two generations, the older one dropped when the younger is full.</summary>
internal sealed class Recent<TKey, TValue>(int generation) where TKey : notnull
{
    private Dictionary<TKey, TValue> _young = [];
    private Dictionary<TKey, TValue> _old = [];

    public bool TryGet(TKey key, out TValue value)
    {
        if (_young.TryGetValue(key, out value!))
            return true;
        if (!_old.TryGetValue(key, out value!))
            return false;
        Set(key, value);
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        if (_young.Count >= generation && !_young.ContainsKey(key))
            (_old, _young) = (_young, []);
        _young[key] = value;
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}
