export default function P() { return <p>settings</p>; }
